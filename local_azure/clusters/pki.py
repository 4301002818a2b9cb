"""Keys and certificates of one cluster.

Which program needs which: https://kubernetes.io/docs/setup/best-practices/certificates/
"""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.clusters.records import ClusterRecord
from local_azure.machine.certificates import Authority, Certificate

CLIENTS: dict[str, tuple[str, str | None]] = {
    "admin": ("local-azure-admin", "system:masters"),
    "kubelet-client": ("kube-apiserver-kubelet-client", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", None),
    "scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
}
"""File name → user and group of the certificate."""


class Pki:
    """The files under <cluster>/pki: `<name>.crt` and `<name>.key`, and `service-account.{key,pub}`."""

    def __init__(self, record: ClusterRecord) -> None:
        self._record = record
        self.folder = record.folder / "pki"

    def ensure(self) -> None:
        """Create what is missing."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ThreadPoolExecutor(1) as pool:
            # The RSA key takes longest. It has to be RSA: Entra accepts RS256 alone from a federated issuer.
            service_account = pool.submit(self._ensure_service_account_key)
            self._ensure_certificates()
            service_account.result()

    def certificate(self, name: str) -> Path:
        """Path of a certificate."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Path of a key."""
        return self.folder / f"{name}.key"

    def load(self, name: str) -> Certificate:
        """A certificate and its key."""
        return Certificate(self.certificate(name).read_bytes(), self.key(name).read_bytes())

    @cached_property
    def authority(self) -> Authority:
        """The cluster's authority."""
        return Authority(self.load("ca"))

    @property
    def service_account_key(self) -> Path:
        """Signs service account tokens."""
        return self.folder / "service-account.key"

    @property
    def service_account_public_key(self) -> Path:
        """Verifies them."""
        return self.folder / "service-account.pub"

    def jwks(self) -> dict[str, object]:
        """The JSON Web Key Set of the service account issuer, as kube-apiserver publishes it.

        The key ID is the hash that the API server writes into its tokens:
        https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/serviceaccount/jwt.go
        """
        key = serialization.load_pem_public_key(self.service_account_public_key.read_bytes())
        assert isinstance(key, rsa.RSAPublicKey)
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        numbers = key.public_numbers()
        return {
            "keys": [
                {
                    "use": "sig",
                    "kty": "RSA",
                    "kid": _base64url(hashlib.sha256(der).digest()),
                    "alg": "RS256",
                    "n": _base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
                    "e": _base64url(numbers.e.to_bytes(3, "big")),
                }
            ]
        }

    def _ensure_certificates(self) -> None:
        spec = self._record.spec
        for name in ("ca", "front-proxy-ca"):
            if not self.certificate(name).exists():
                self._write(name, Authority.create(f"{spec.name} {name}").pem)
        for name, (user, group) in CLIENTS.items():
            if not self.certificate(name).exists():
                self._write(name, self.authority.issue(user, organization=group))
        if not self.certificate("front-proxy").exists():
            self._write("front-proxy", Authority(self.load("front-proxy-ca")).issue("front-proxy-client"))
        if not self.certificate("apiserver").exists():
            service = "kubernetes.default.svc.cluster.local"
            parts = service.split(".")
            dns = [".".join(parts[:count]) for count in range(1, len(parts) + 1) if count != 4]
            ips = [str(self._record.address), str(spec.services[1]), "127.0.0.1"]
            self._write(
                "apiserver", self.authority.issue("kube-apiserver", dns=[*dns, spec.fqdn, "localhost"], ips=ips)
            )

    def _ensure_service_account_key(self) -> None:
        if self.service_account_public_key.exists():
            return
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _write_private(self.service_account_key, private)
        _write_private(self.service_account_public_key, public)

    def _write(self, name: str, pem: Certificate) -> None:
        # The certificate last: where it is, its key is too.
        _write_private(self.key(name), pem.key)
        _write_private(self.certificate(name), pem.certificate)


def _write_private(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
