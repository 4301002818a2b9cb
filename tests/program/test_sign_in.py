"""A job of GitHub signs in to the cluster's Entra anew each time, by what its preparation leaves in the environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import jwt
import yaml

from local_azure import instance
from local_azure.toolchain import Toolchain
from tests import github_identity
from tests.program.project import CHECKOUT
from tests.provider.azure import Azure


def test_kubelogin_asks_github_for_a_token_of_the_moment(tools: Toolchain, azure: Azure, tmp_path: Path) -> None:
    steps = yaml.safe_load((CHECKOUT / ".github/actions/prepare/action.yml").read_text())["runs"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Identity"]
    operator = (azure.state / "operator" / "token").read_text()
    ids = {
        "CLIENT": instance.OPERATOR_CLIENT_ID,
        "TENANT": instance.TENANT_ID,
        "SUBSCRIPTION": instance.SUBSCRIPTION_ID,
    }
    runner = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RUNNER_TEMP": str(tmp_path)}
    with github_identity.serving(lambda _: operator) as (job, answers):
        # GitHub's shell: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
        prepared = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=CHECKOUT,
            env={**runner, **job, **ids, "GITHUB_ENV": str(tmp_path / "env"), "RENEW_SECONDS": "600"},
            start_new_session=True,
        )
        try:
            assert prepared.wait(30) == 0
        finally:
            os.killpg(prepared.pid, signal.SIGKILL)
        left = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
        (tmp_path / "identity").write_text("a token that has expired")
        entra = {"AZURE_AUTHORITY_HOST": f"https://{azure.host}/", "SSL_CERT_FILE": str(azure.certificate)}
        command = [
            str(tools.bin / "kubelogin"),
            "get-token",
            "--login",
            "azurecli",
            "--server-id",
            instance.AKS_SERVER_APP_ID,
        ]
        done = subprocess.run(
            [*command, "--disable-instance-discovery"],
            env={**runner, **job, **left, **entra},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    token = json.loads(done.stdout)["status"]["token"]
    assert jwt.decode(token, options={"verify_signature": False})["appid"] == instance.OPERATOR_CLIENT_ID
    assert answers == [200, 200]
