"""A copy of the project in a folder of its own, run by the `pulumi` command as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[2]
STACK = "test"


Inputs = dict[str, dict[str, Any]]
"""The inputs of resources, by "type::name" of their Kubernetes or Azure kind."""


@dataclass(frozen=True)
class Result:
    """How a command ended, and all it printed."""

    code: int
    text: str


@dataclass(frozen=True)
class Project:
    """A project with the stack `test`; the program's modules come from the checkout."""

    folder: Path
    env: Mapping[str, str]

    def write(self, config: Mapping[str, Any], program: str | None = None) -> None:
        """Set the stack's config, and the program: ours, or a few lines for a test of one part.

        Args:
            config: full key to value.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / "Pulumi.yaml", self.folder)
        if not (self.folder / ".venv").exists():
            (self.folder / ".venv").symlink_to(sys.prefix)
        (self.folder / "__main__.py").write_text(program or (CHECKOUT / "__main__.py").read_text())
        (self.folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": dict(config)}))

    def pulumi(self, *arguments: str) -> Result:
        """Run `pulumi`."""
        return self._run(["pulumi", *arguments, "--non-interactive", "--color=never"], timeout=300)

    def _run(self, command: list[str], *, timeout: float) -> Result:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=dict(self.env),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def succeed(self, *arguments: str) -> str:
        """Run `pulumi` and return what it printed; fails the test when the command fails."""
        result = self.pulumi(*arguments)
        assert result.code == 0, result.text
        return result.text

    def follow(self, script: str) -> None:
        """Run the commands of a runbook in the project's folder, without a person to be asked."""
        asked_nothing = script.replace("pulumi up", "pulumi up --yes --skip-preview").replace("<stack>", STACK)
        result = self._run(["bash", "-ec", asked_nothing], timeout=600)
        assert result.code == 0, result.text

    def fail(self, *arguments: str) -> str:
        """Run `pulumi` and return what it printed; fails the test when the command succeeds."""
        result = self.pulumi(*arguments)
        assert result.code != 0, result.text
        return result.text

    def planned(self) -> Inputs:
        """Every resource that a first preview shows."""
        steps = json.loads(self.succeed("preview", "--json"))["steps"]
        found = {
            "::".join(each["urn"].split("$")[-1].split("::")[-2:]): each["newState"].get("inputs", {}) for each in steps
        }
        assert len(found) == len(steps)
        return found

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets masked."""
        found: dict[str, Any] = json.loads(self.succeed("stack", "output", "--json"))
        return found

    def state(self) -> str:
        """The stack's state as it is stored."""
        return self.succeed("stack", "export")
