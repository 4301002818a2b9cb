"""Who a pipeline is to Azure lasts as long as its job, not as long as the first token."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from tests import github_identity

ROOT = Path(__file__).parents[3]


def keep(file: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start .ci/identity, in a session of its own that ends with the test."""
    return subprocess.Popen(
        [ROOT / ".ci/identity", file],
        env={"PATH": os.environ["PATH"], "RENEW_SECONDS": "0.2", **environment},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within ten seconds."""
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def test_the_token_of_a_job_of_github_is_renewed_until_the_job_ends(tmp_path: Path) -> None:
    file = tmp_path / "identity"
    with github_identity.serving(lambda number: f"token-{number}") as (environment, answers):
        started = keep(file, environment)
        try:
            assert started.wait(10) == 0  # with the first token there
            assert file.read_text().startswith("token-")
            assert file.stat().st_mode & 0o077 == 0
            assert eventually(lambda: file.read_text() not in ("token-1", "token-2"))
        finally:
            os.killpg(started.pid, signal.SIGKILL)
    assert set(answers) == {200}


def test_a_job_that_github_gives_no_token_fails_at_once(tmp_path: Path) -> None:
    with github_identity.serving(lambda number: f"token-{number}") as (environment, answers):
        started = keep(tmp_path / "identity", environment | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-another"})
        _, said = started.communicate(timeout=10)
    assert started.returncode != 0
    assert "401" in said
    assert answers == [401]
    assert not (tmp_path / "identity").exists()


def test_no_job_of_github_depends_on_a_login_that_ends_before_it() -> None:
    steps = yaml.safe_load((ROOT / ".github/actions/prepare/action.yml").read_text())["runs"]["steps"]
    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step] == ["actions/setup-python"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Identity"]
    assert "AAD_LOGIN_METHOD=workloadidentity" in script
    assert "ARM_OIDC_TOKEN" not in script


def test_what_runs_at_night_waits_for_no_reviewer_of_pull_requests() -> None:
    of_github = {
        name: yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text()) for name in ("preview", "drift")
    }
    assert {name: each["jobs"][name]["environment"] for name, each in of_github.items()} == {
        "preview": "preview",
        "drift": "drift",
    }
    of_azure = {name: (ROOT / f".azuredevops/{name}.yml").read_text() for name in ("preview", "drift")}
    assert all(f"connection: slipway-{name}\n" in text for name, text in of_azure.items())


def test_azure_devops_keeps_the_login_that_all_use() -> None:
    steps = yaml.safe_load((ROOT / ".azuredevops/prepare.yml").read_text())["steps"]
    (azure,) = [step for step in steps if step.get("task") == "AzureCLI@2"]
    assert azure["inputs"]["keepAzSessionActive"] is True
    # One token, from the beginning of the job, would go before the login.
    assert "addSpnToEnvironment" not in azure["inputs"]
    assert "TOKEN" not in azure["inputs"]["inlineScript"]
