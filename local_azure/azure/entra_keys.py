"""The keys tokens are signed with: Entra's own, and the operator's issuer.

Both are made once and kept beside the simulator's database, readable by its owner only.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class SigningKey:
    """An RSA key in the file `path`, made when it is not there. Signs RS256 and publishes its JWKS."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _write(path)
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError(f"{path} holds no RSA key: remove it and start again")
        self._key = loaded
        self.public = loaded.public_key()
        der = self.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(der).hexdigest()[:27]

    def sign(self, claims: dict[str, Any], *, seconds: int) -> str:
        """A token with these claims, valid from now for `seconds`."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + seconds}
        return jwt.encode({**claims, **times}, self._key, algorithm="RS256", headers={"kid": self.id, "x5t": self.id})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.public, as_dict=True)
        return {"keys": [{**key, "kid": self.id, "x5t": self.id, "use": "sig", "alg": "RS256"}]}


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    half = path.with_suffix(".part")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    half.replace(path)
