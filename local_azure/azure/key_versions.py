"""One version of a vault's key: a real RSA key, and what is told of it."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local_azure.azure.errors import bad_request
from local_azure.azure.store import Resource

SIZES = (2048, 3072, 4096)
OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import", "export")
NEWLY_ALLOWED = OPERATIONS[:6]
"""What a key may be used for unless one says otherwise."""
ALGORITHMS: Mapping[str, hashes.HashAlgorithm] = {"RSA-OAEP": hashes.SHA1(), "RSA-OAEP-256": hashes.SHA256()}


@dataclass(frozen=True)
class KeyVersion:
    """A version: times in seconds since the epoch, `size` in bits, `pem` the private key, which nothing ever shows."""

    id: str
    created: int
    updated: int
    enabled: bool
    size: int
    ops: Sequence[str]
    pem: str = field(repr=False)

    @classmethod
    def make(cls, kind: str, size: int | None, ops: Sequence[str] | None) -> KeyVersion:
        """A new one. Raises ArmError for keys that are not made here."""
        bits = size or SIZES[0]
        if kind != "RSA" or bits not in SIZES:
            raise bad_request(
                "BadParameter", f"Keys here are RSA of {', '.join(map(str, SIZES))} bits, not {kind} of {bits}."
            )
        for each in ops or ():
            if each not in OPERATIONS:
                raise bad_request("BadParameter", f"Invalid key operation: {each}.")
        pem = rsa.generate_private_key(public_exponent=65537, key_size=bits).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        now = int(time.time())
        return cls(uuid.uuid4().hex, now, now, True, bits, list(ops or NEWLY_ALLOWED), pem.decode())

    @property
    def attributes(self) -> dict[str, Any]:
        """What is told besides the key itself."""
        told = {"enabled": self.enabled, "created": self.created, "updated": self.updated}
        return {**told, "recoveryLevel": "Recoverable+Purgeable"}

    @property
    def public(self) -> dict[str, Any]:
        """The public key as a JSON Web Key without an ID."""
        numbers = self._private.public_key().public_numbers()
        modulus, exponent = (
            number.to_bytes((number.bit_length() + 7) // 8, "big") for number in (numbers.n, numbers.e)
        )
        return {"kty": "RSA", "key_ops": list(self.ops), "n": encode(modulus), "e": encode(exponent)}

    def encrypt(self, value: bytes, algorithm: str) -> bytes:
        """By the public key. Raises ValueError for a value that is too long."""
        return self._private.public_key().encrypt(value, _oaep(algorithm))

    def decrypt(self, value: bytes, algorithm: str) -> bytes:
        """By the private key. Raises ValueError for what was not encrypted by this version."""
        return self._private.decrypt(value, _oaep(algorithm))

    @property
    def _private(self) -> rsa.RSAPrivateKey:
        loaded = serialization.load_pem_private_key(self.pem.encode(), None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError("every key here is RSA")
        return loaded


def kept(key: Resource | None) -> list[KeyVersion]:
    """The versions of a stored key, oldest first; none of no key."""
    return [KeyVersion(**each) for each in key.hidden["versions"]] if key else []


def hidden(versions: Sequence[KeyVersion]) -> dict[str, Any]:
    """What a stored key keeps of its versions, beside what is shown of it."""
    return {"versions": [asdict(each) for each in versions]}


def encode(value: bytes) -> str:
    """Base64url without padding, as vaults write bytes."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of such a text. Raises ValueError when it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _oaep(algorithm: str) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(ALGORITHMS[algorithm]), ALGORITHMS[algorithm], None)
