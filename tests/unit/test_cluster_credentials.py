"""Keys, certificates and kubeconfigs of a cluster."""

from __future__ import annotations

import hashlib
import stat
from base64 import urlsafe_b64encode
from pathlib import Path

import jwt
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtensionOID, NameOID

from local_azure.clusters import kubeconfig, records
from local_azure.clusters.pki import Pki
from local_azure.clusters.records import ClusterRecord
from local_azure.instance import AKS_SERVER_APP_ID
from local_azure.machine.certificates import Authority
from tests.unit.test_cluster_spec import SPEC


@pytest.fixture
def pki(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pki:
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    made = Pki(ClusterRecord(1, SPEC))
    made.ensure()
    return made


def names(certificate: bytes) -> list[str]:
    """A certificate's alternative names."""
    parsed = x509.load_pem_x509_certificate(certificate)
    value = parsed.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(value, x509.SubjectAlternativeName)
    return [str(name.value) for name in value]


def test_the_api_server_is_known_by_all_its_names_and_addresses(pki: Pki) -> None:
    found = set(names(pki.load("apiserver").certificate))
    assert {"172.31.225.1", "10.0.0.1", "127.0.0.1", SPEC.fqdn} < found
    assert {"kubernetes", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"} < found


def test_every_certificate_is_signed_by_the_clusters_authority(pki: Pki) -> None:
    authority = x509.load_pem_x509_certificate(pki.load("ca").certificate)
    for name in ("admin", "apiserver", "scheduler", "kube-proxy"):
        x509.load_pem_x509_certificate(pki.load(name).certificate).verify_directly_issued_by(authority)


def test_the_administrator_is_of_the_group_that_may_do_everything(pki: Pki) -> None:
    subject = x509.load_pem_x509_certificate(pki.load("admin").certificate).subject
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]


def test_keys_are_for_root_alone(pki: Pki) -> None:
    assert {stat.S_IMODE(path.stat().st_mode) for path in pki.folder.glob("*.key")} == {0o600}


def test_keys_are_made_once(pki: Pki) -> None:
    before = {path.name: path.read_bytes() for path in pki.folder.iterdir()}
    pki.ensure()
    assert {path.name: path.read_bytes() for path in pki.folder.iterdir()} == before


def test_published_keys_verify_service_account_tokens(pki: Pki) -> None:
    private = load_pem_private_key(pki.service_account_key.read_bytes(), None)
    token = jwt.encode({"sub": "system:serviceaccount:a:b"}, private, algorithm="RS256")  # type: ignore[arg-type]
    [key] = jwt.PyJWKSet.from_dict(pki.jwks()).keys
    assert jwt.decode(token, key, algorithms=["RS256"])["sub"] == "system:serviceaccount:a:b"


def test_the_key_id_is_the_hash_that_the_api_server_writes_into_tokens(pki: Pki) -> None:
    public = load_pem_public_key(pki.service_account_public_key.read_bytes())
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    [key] = jwt.PyJWKSet.from_dict(pki.jwks()).keys
    assert key.key_id == urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def test_with_entra_a_users_kubeconfig_signs_in_by_kubelogin() -> None:
    ca = Authority.create("test").pem.certificate
    text = kubeconfig.with_kubelogin("https://host:443", ca, "tenant", cluster="c", user="u", context="x")
    sign_in = yaml.safe_load(text)["users"][0]["user"]["exec"]
    assert sign_in["command"] == "kubelogin"
    assert sign_in["args"][sign_in["args"].index("--server-id") + 1] == AKS_SERVER_APP_ID
    assert sign_in["args"][sign_in["args"].index("--tenant-id") + 1] == "tenant"
