"""The OCI registry that answers as every public one: CNCF Distribution, with the local CA's certificate."""

from __future__ import annotations

from pathlib import Path

import yaml

from local_azure.instance import REGISTRY, STATE
from local_azure.machine import authority, processes
from local_azure.machine.azure_dns import REGISTRY_HOSTS

PROCESS = "registry"
FOLDER = STATE / "registry"


def start(bin: Path, storage: Path) -> None:
    """Start it, unless it runs.

    Args:
        bin: the folder with `registry`.
        storage: the folder of its file system driver, filled beforehand.
    """
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = authority.issue(PROCESS, dns=REGISTRY_HOSTS, ips=[str(REGISTRY)])
    settings = FOLDER / "config.yml"
    settings.write_text(yaml.safe_dump(configuration(storage, certificate, key)))
    processes.start(PROCESS, [bin / "registry", "serve", settings], env={"GOGC": "20", "OTEL_TRACES_EXPORTER": "none"})


def configuration(storage: Path, certificate: Path, key: Path) -> dict[str, object]:
    """Settings of Distribution: https://distribution.github.io/distribution/about/configuration/"""
    return {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {
            "addr": f"{REGISTRY}:443",
            "tls": {"certificate": str(certificate), "key": str(key)},
        },
    }
