"""The Debian packages the local Azure runs on, and how to tell that one is missing.

Only the standard library is used here, so that a set-up script can call it before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local_azure.errors import LocalAzureError

COMMANDS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "git": "git",
    "ip": "iproute2",
    "iptables": "iptables",
    "mount": "mount",
    "nsenter": "util-linux",
    "runc": "runc",
    "sysctl": "procps",
}
"""Command → package that has it."""

CNI_PACKAGE = "containernetworking-plugins"
CNI_PLUGINS = ("host-local", "loopback", "portmap", "ptp")
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
"""Where distributions put them."""

CERTIFICATES_PACKAGE = "ca-certificates"
CERTIFICATE_BUNDLES = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))


def missing() -> list[str]:
    """The packages that are not installed, by name."""
    found = {package for command, package in COMMANDS.items() if shutil.which(command) is None}
    if cni_folder() is None:
        found.add(CNI_PACKAGE)
    if not any(bundle.exists() for bundle in CERTIFICATE_BUNDLES):
        found.add(CERTIFICATES_PACKAGE)
    return sorted(found)


def install_command(packages: list[str]) -> list[str]:
    """The command that installs packages."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def install_missing() -> list[str]:
    """Install what is missing; returns what that was. Its output goes to this process's.

    Raises:
        LocalAzureError: apt-get failed, or there is none.
    """
    packages = missing()
    if not packages:
        return []
    command = install_command(packages)
    mend = f"install these in your distribution's way: {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise LocalAzureError("packages are missing, and this machine has no apt-get", mend)
    # A fresh machine may know of no packages yet; one that does should not have to ask the network for news.
    if not (_apt(*command[1:]) or (_apt("update") and _apt(*command[1:]))):
        raise LocalAzureError(f"`{' '.join(command)}` failed, see above", mend)
    return packages


def _apt(*words: str) -> bool:
    """Run apt-get; returns whether it succeeded."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    environment |= {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return subprocess.run(["apt-get", *words], env=environment, check=False).returncode == 0


def cni_folder() -> Path | None:
    """Where this machine's CNI plugins are, None when they are not all there."""
    complete = (folder for folder in CNI_FOLDERS if all((folder / plugin).exists() for plugin in CNI_PLUGINS))
    return next(complete, None)
