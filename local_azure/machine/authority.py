"""The local certificate authority: every server that stands in for a public one has its certificate from here.

It is made once per machine and kept in CACHE, because the images built there carry it. It is never added to the
machine's own trust store.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_azure.errors import LocalAzureError
from local_azure.instance import CACHE, STATE
from local_azure.machine.certificates import Authority, Certificate
from local_azure.machine.packages import CERTIFICATE_BUNDLES

FOLDER = CACHE / "authority"
CERTIFICATE = FOLDER / "ca.crt"
KEY = FOLDER / "ca.key"
ISSUED = STATE / "certificates"


def ensure_ca() -> Authority:
    """The authority, created on first use."""
    FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(FOLDER):
        if not (CERTIFICATE.exists() and KEY.exists()):
            _write(CERTIFICATE, KEY, Authority.create("Slipway local Azure").pem)
    return Authority(Certificate(CERTIFICATE.read_bytes(), KEY.read_bytes()))


def issue(common_name: str, *, dns: Sequence[str], ips: Sequence[str]) -> tuple[Path, Path]:
    """Issue a server certificate anew.

    Returns:
        The paths of the certificate and of its key (0600), PEM.
    """
    ISSUED.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = ISSUED / f"{common_name}.crt", ISSUED / f"{common_name}.key"
    _write(certificate, key, ensure_ca().issue(common_name, dns=dns, ips=ips))
    return certificate, key


def bundle() -> bytes:
    """The system's certificate authorities and ours, PEM: what a client of both worlds trusts.

    Raises:
        LocalAzureError: the system has none.
    """
    ensure_ca()
    for system in CERTIFICATE_BUNDLES:
        if system.exists():
            return system.read_bytes().rstrip(b"\n") + b"\n" + CERTIFICATE.read_bytes()
    raise LocalAzureError("this machine has no bundle of certificate authorities", "apt-get install ca-certificates")


def write_bundle(path: Path) -> None:
    """Write `bundle()` to `path`."""
    path.write_bytes(bundle())


def _write(certificate_file: Path, key_file: Path, certificate: Certificate) -> None:
    """Key first, each file at once: a crash in between leaves no certificate without its key."""
    for path, content in ((key_file, certificate.key), (certificate_file, certificate.certificate)):
        part = path.with_name(path.name + ".part")
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
