"""A registry and a key of somebody else's that a stack names, and who may use them."""

from __future__ import annotations

from infra import naming
from infra.access import Role
from tests.program.conftest import Repository, config
from tests.program.plane import AKS, AKS_API, GROUP, ONLY_AZURE, properties
from tests.program.project import STACK, Inputs, Project
from tests.provider.azure import Azure

MIRROR = "images12345.azurecr.io"
SIGNS_IN = "--feature-gates=ObjectLevelWorkloadIdentity=true"


def test_the_nodes_and_flux_may_pull_from_the_registry_that_a_stack_names(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    registry = f"{hub}/providers/Microsoft.ContainerRegistry/registries/images12345"
    azure.arm.put(registry, "2023-07-01", {"location": "westeurope", "sku": {"name": "Premium"}})
    plane.write(config(repository, registryId=registry), program=ONLY_AZURE)
    plane.succeed("preview")
    plane.succeed("up", "--yes", "--skip-preview")
    flux, first = _source(azure), _kubelet(azure)
    assert _who_may_pull(azure, registry) == {flux, first}
    plane.succeed("preview", "--expect-no-changes")

    azure.arm.delete(AKS, AKS_API)
    plane.succeed("up", "--refresh", "--yes", "--skip-preview")
    assert _who_may_pull(azure, registry) == {flux, _kubelet(azure)}
    assert _kubelet(azure) != first
    plane.write(config(repository), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    assert _who_may_pull(azure, registry) == set()
    plane.succeed("destroy", "--yes", "--skip-preview")


def test_flux_reads_an_azure_mirror_as_its_source_identity_and_any_other_as_nobody(
    project: Project, repository: Repository
) -> None:
    project.write(config(repository, imageRegistry=MIRROR))
    found = project.planned()
    told = found["kubernetes:core/v1:ConfigMap::runtime-info"]["data"]
    assert (told["image_registry_login"], told["image_registry_account"]) == ("azure", "flux-source")
    account = found["kubernetes:core/v1:ServiceAccount::flux-source-of-clusters"]["metadata"]
    assert (account["namespace"], account["name"]) == ("clusters", "flux-source")
    assert "azure.workload.identity/client-id" in account["annotations"]
    assert SIGNS_IN in _source_controller(found)

    project.write(config(repository, imageRegistry="mirror.example.com"))
    found = project.planned()
    told = found["kubernetes:core/v1:ConfigMap::runtime-info"]["data"]
    assert {key for key in told if key.startswith("image_registry")} == {"image_registry"}
    assert not [each for each in found if "ServiceAccount::flux-source" in each]
    assert SIGNS_IN not in _source_controller(found)


def test_disks_are_encrypted_with_the_key_that_a_stack_names_and_on_the_host(
    plane: Project, repository: Repository, azure: Azure, hub: str
) -> None:
    key = f"{hub}/providers/Microsoft.Compute/diskEncryptionSets/des-fleet"
    azure.arm.put(key, "2024-03-02", {"location": "westeurope", "identity": {"type": "SystemAssigned"}})
    own = {"diskEncryptionSetId": key, "encryptionAtHost": "true"}
    plane.write(config(repository, **own), program=ONLY_AZURE)
    plane.succeed("up", "--yes", "--skip-preview")
    cluster = properties(azure)
    assert cluster["diskEncryptionSetID"] == key
    assert [pool["enableEncryptionAtHost"] for pool in cluster["agentPoolProfiles"]] == [True, True]
    plane.succeed("preview", "--expect-no-changes")
    plane.write(config(repository, diskEncryptionSetId=key), program=ONLY_AZURE)
    plane.succeed("destroy", "--yes", "--skip-preview")


def _who_may_pull(azure: Azure, registry: str) -> set[str]:
    """The principals with AcrPull on a registry."""
    listed = azure.arm.get(f"{registry}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")["value"]
    found = [each["properties"] for each in listed if each["properties"]["scope"] == registry]
    return {each["principalId"] for each in found if each["roleDefinitionId"].endswith(Role.ACR_PULL.value)}


def _source_controller(found: Inputs) -> list[str]:
    """Its arguments."""
    deployment = found["kubernetes:apps/v1:Deployment::flux:flux-system/source-controller"]
    arguments: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return arguments


def _kubelet(azure: Azure) -> str:
    """The principal as which AKS's nodes pull."""
    return str(properties(azure)["identityProfile"]["kubeletidentity"]["objectId"])


def _source(azure: Azure) -> str:
    """The principal as which Flux reads."""
    name = naming.identity(STACK, "flux-source")
    found = azure.find(f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}", "2023-01-31")
    assert found
    return str(found["properties"]["principalId"])
