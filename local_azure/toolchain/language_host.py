"""The language host for Python as a program beside `pulumi`, complete in its folder.

It carries its code, gRPC and the protocol's stubs, and runs on the Python below the virtual environment, so that it
starts without one and outlives the checkout that it was made from.
"""

from __future__ import annotations

import compileall
import shlex
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from py_compile import PycInvalidationMode

from local_azure import engine_gone, language_host
from local_azure.azure_native.install import carry, interpreter
from local_azure.toolchain.recipe import digest, folder_parts

PROGRAM = "pulumi-language-python"
SOURCES = Path(language_host.__file__).parent
CARRIED = ("grpc", "google.protobuf", "google._upb._message", "typing_extensions", "pulumi.runtime.proto")

LAUNCHER = """#!/bin/sh
# The local Azure's language host: see local_azure/language_host.
here=$(dirname "$(readlink -f "$0")")
exec {python} -S "$here/site" "$@"
"""
START = "import sys; from local_azure.language_host.__main__ import main; sys.exit(main())\n"


def key() -> str:
    """A hash of all it is made from: our sources, the packages' versions, the interpreter."""
    packages = [f"{package}=={version(package)}" for package in ("grpcio", "protobuf", "pulumi", "typing_extensions")]
    sources = [*folder_parts(SOURCES, "*.py"), Path(engine_gone.__file__).read_bytes()]
    return digest([LAUNCHER, START, *sources, *packages, str(interpreter()), sys.version])


def prepare(folder: Path) -> None:
    """Fill `folder`."""
    site = folder / "site"
    for name in CARRIED:
        carry(name, site)
    own = site / "local_azure" / "language_host"
    own.mkdir(parents=True)
    (own.parent / "__init__.py").touch()
    for source in SOURCES.glob("*.py"):
        shutil.copyfile(source, own / source.name)
    carry(engine_gone.__name__, site)
    # Python runs a folder by this file, and looks for modules there first.
    (site / "__main__.py").write_text(START, encoding="utf-8")
    compileall.compile_dir(site, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    launcher = folder / PROGRAM
    launcher.write_text(LAUNCHER.format(python=shlex.quote(str(interpreter()))), encoding="utf-8")
    launcher.chmod(0o755)
