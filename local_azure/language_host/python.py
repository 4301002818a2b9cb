"""Which Python a project is run with, and what is installed for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDERS = """
import json, sysconfig
print(json.dumps(sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})))
"""
_DESCRIBE = """
import importlib.metadata, json, platform, sys
print(json.dumps({
    "executable": sys.executable,
    "version": platform.python_version(),
    "packages": {found.metadata["Name"]: found.version for found in importlib.metadata.distributions()},
}))
"""


class NoPython(Exception):
    """There is no Python to run a project with; says why."""


def installation(root: Path, options: Mapping[str, Any]) -> list[list[str]]:
    """The commands that install a project's dependencies, to be run in its folder.

    Raises:
        NoPython: there is no interpreter to make the virtual environment with, or another tool than pip is asked for.
    """
    making = []
    if (named := options.get("virtualenv")) and not (root / str(named) / "bin" / "python").exists():
        making = [[str(_on_path()), "-m", "venv", str(named)]]
        python = os.path.normpath(root / str(named) / "bin" / "python")
    else:
        python = str(Python.of(root, options).executable)
    return [*making, [python, "-m", "pip", "install", "--requirement", "requirements.txt"]]


def _on_path() -> Path:
    command = os.environ.get("PULUMI_PYTHON_CMD", "python3")
    if not (found := shutil.which(command)):
        raise NoPython(f"{command} is not on the PATH")
    return Path(found)


@dataclass(frozen=True)
class Python:
    """An interpreter; with a virtual environment, that one's."""

    executable: Path
    virtual_environment: Path | None

    @classmethod
    def of(cls, root: Path, options: Mapping[str, Any]) -> Python:
        """The interpreter that `runtime.options` of a project, plugin or policy pack ask for.

        Args:
            root: the folder that `virtualenv` is relative to.

        Raises:
            NoPython: the virtual environment is not there, or another tool than pip is asked for.
        """
        toolchain = options.get("toolchain") or "pip"
        if toolchain != "pip":
            raise NoPython(f"this language host runs projects with the toolchain pip, not {toolchain}")
        if not (named := options.get("virtualenv")):
            return cls(_on_path(), None)
        folder = Path(os.path.normpath(root / str(named)))
        if not (folder / "bin" / "python").exists():
            raise NoPython(
                f"the option `virtualenv` says {named}, but {folder} is no virtual environment: "
                f"python3 -m venv {folder}, then pip install -r requirements.txt"
            )
        return cls(folder / "bin" / "python", folder)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` as it is in an activated virtual environment."""
        found = dict(base)
        if self.virtual_environment:
            found.pop("PYTHONHOME", None)
            found["VIRTUAL_ENV"] = str(self.virtual_environment)
            found["PATH"] = os.pathsep.join([str(self.virtual_environment / "bin"), found.get("PATH", os.defpath)])
        return found

    def describe(self) -> dict[str, Any]:
        """Executable, version, and packages with their versions."""
        described: dict[str, Any] = self._tells(_DESCRIBE)
        return described

    def plugins(self) -> list[dict[str, Any]]:
        """The `pulumi-plugin.json` of each installed package that needs a resource plugin.

        https://www.pulumi.com/docs/iac/packages-and-automation/pulumi-packages/schema/
        """
        folders = [Path(folder) for folder in self._tells(_FOLDERS)]
        found = [json.loads(file.read_text()) for folder in folders for file in folder.glob("*/pulumi-plugin.json")]
        return [plugin for plugin in found if plugin.get("resource")]

    def _tells(self, program: str) -> Any:
        done = subprocess.run(
            [self.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60
        )
        return json.loads(done.stdout)
