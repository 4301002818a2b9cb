"""How Flux is told to sign in to the fleet repository, in its own words for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.validation import schemas
from infra.controller_settings import ControllerSettings
from management_cluster import flux, versions
from management_cluster.controllers import by_flux
from management_cluster.fleet_source import signing_in
from tests.unit.test_fleet_settings import APP, APP_KEY, AZURE_DEVOPS, KEY, PASSWORD, READER, by_deploy_key, parse


@pytest.fixture
def deploy_key(tmp_path: Path) -> dict[str, str]:
    """A stack with a deploy key, without the key itself."""
    return by_deploy_key(tmp_path)


@pytest.mark.parametrize(
    ("environment", "way", "expected"),
    [
        (PASSWORD, {}, {"secretRef": {"name": "fleet-git"}}),
        (READER, AZURE_DEVOPS, {"provider": "azure", "serviceAccountName": "flux-source"}),
        (READER | APP_KEY, APP, {"provider": "github", "secretRef": {"name": "fleet-git"}}),
        ({"SLIPWAY_GIT_PRIVATE_KEY": KEY}, None, {"secretRef": {"name": "fleet-git"}}),
    ],
    ids=["password", "azureDevOps", "githubApp", "deployKey"],
)
def test_a_source_keeps_to_flux_s_own_definition_of_the_kind(
    environment: dict[str, str],
    way: dict[str, str] | None,
    expected: dict[str, Any],
    deploy_key: dict[str, str],
) -> None:
    settings = parse(environment, **(deploy_key if way is None else way))
    assert signing_in(settings) == expected
    spec = {"interval": "1m", "url": settings.fleet_url, "ref": {"branch": "main"}, **signing_in(settings)}
    source: dict[str, Any] = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "fleet", "namespace": "clusters"},
        "spec": spec,
    }
    validator = schemas.load().validator(source["apiVersion"], source["kind"])
    assert validator
    assert [error.message for error in validator.iter_errors(source)] == []
    spec["provider"] = "gitlab"
    assert [error.message for error in validator.iter_errors(source)]


@pytest.mark.parametrize("by_identity", [False, True])
def test_source_controller_signs_in_as_named_accounts_only_where_it_has_to(by_identity: bool) -> None:
    documents = flux.tuned(
        flux.manifests(versions.FLUX), by_flux(ControllerSettings()), sources_by_identity=by_identity
    )
    arguments = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["args"]
        for each in yaml.safe_load_all(documents)
        if each["kind"] == "Deployment"
    }
    gates = [each for each in arguments["source-controller"] if each.startswith("--feature-gates")]
    assert gates == (["--feature-gates=ObjectLevelWorkloadIdentity=true"] if by_identity else [])
    assert "ObjectLevelWorkloadIdentity=true" in str(arguments["kustomize-controller"])


def test_decryption_keeps_to_flux_s_own_definition_too() -> None:
    validator = schemas.load().validator("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
    assert validator
    spec = {"interval": "1m", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}
    for field, mistakes in (("serviceAccountName", False), ("serviceAccount", True)):
        decryption = {"provider": "sops", field: "flux-decryption"}
        found = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "fleet"}}
        errors = list(validator.iter_errors({**found, "spec": {**spec, "decryption": decryption}}))
        assert bool(errors) is mistakes
