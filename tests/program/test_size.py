"""How much the program is: the resources of a production stack, and what a preview has to import for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fleet import seed
from fleet.git_remote import Remote
from tests.program.conftest import Repository, config
from tests.program.plane import HUB
from tests.program.project import CHECKOUT, Project
from tests.unit.test_seed import git
from tests.unit.test_signatures import public, push, signed_by

MOST = 120
"""Resources, components included, as the engine counts them; each further subscription with teams in it adds nine."""

PRODUCTION = {"slipway:protect": True, "slipway:authorizedIpRanges": ["203.0.113.0/24"]}
EVERYTHING = {
    "slipway:decryptionKeyId": f"{HUB}/providers/Microsoft.KeyVault/vaults/kv-fleet/keys/sops",
    "slipway:defenderWorkspaceId": f"{HUB}/providers/Microsoft.OperationalInsights/workspaces/security",
    "slipway:logWorkspaceId": f"{HUB}/providers/Microsoft.OperationalInsights/workspaces/logs",
    "slipway:metricsWorkspaceId": f"{HUB}/providers/Microsoft.Monitor/accounts/metrics",
    "slipway:registryId": f"{HUB}/providers/Microsoft.ContainerRegistry/registries/images12345",
    "slipway:imageRegistry": "images12345.azurecr.io",
    "slipway:diskEncryptionSetId": f"{HUB}/providers/Microsoft.Compute/diskEncryptionSets/des-fleet",
    "slipway:encryptionAtHost": True,
    "slipway:azurePolicy": True,
    "slipway:controllerReplicas": 3,
    "slipway:fleetSubscriptions": ["0abcdef0-0000-4000-8000-000000000002"],
    "slipway:teamResources": ["UserAssignedIdentity", "RoleAssignment", "StorageAccount"],
}
PARTS_OF_AZURE = """
import json, pathlib, sys
loaded = {name.split(".")[1] for name in sys.modules if name.startswith("pulumi_azure_native.") and name.count(".") > 1}
pathlib.Path("loaded").write_text(json.dumps(sorted(loaded)))
"""
PROVIDERS = (
    "fleet.fleet_repository",
    "management_cluster.admission",
    "management_cluster.cluster_api_providers",
    "management_cluster.running_images",
    "management_cluster.teardown_guard",
)
"""Where the dynamic providers are, which Pulumi runs in a process of their own."""


def test_a_production_stack_imports_of_azures_sdk_what_it_has_resources_of(
    project: Project, repository: Repository
) -> None:
    project.write(config(repository) | PRODUCTION, program=(CHECKOUT / "__main__.py").read_text() + PARTS_OF_AZURE)
    found = project.planned()
    assert len(found) < MOST
    used = {kind.split(":")[1] for kind in found if kind.startswith("azure-native:")}
    assert json.loads((project.folder / "loaded").read_text()) == sorted(used)


def test_with_every_option_it_still_has_less_resources_than_a_review_can_take(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    signers = {"slipway:gitSigners": str(_signed(repository, tmp_path))}
    project.write(config(repository) | PRODUCTION | EVERYTHING | signers)
    assert len(project.planned()) < MOST


@pytest.mark.parametrize("module", PROVIDERS)
def test_dynamic_providers_start_without_azures_sdk(module: str) -> None:
    said = f"import sys, {module}; print(*(name for name in sys.modules if name.startswith('pulumi_')))"
    done = subprocess.run([sys.executable, "-c", said], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert "pulumi_azure_native" not in done.stdout


def _signed(repository: Repository, folder: Path) -> Path:
    """Has the newest commit of the repository signed; the folder with the signer's key."""
    seed.offer(Remote(repository.path.as_uri()), "main")
    git("clone", "--quiet", repository.path, folder / "team")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "jane"], check=True)
    push(folder / "team", *signed_by(folder / "jane"))
    (folder / "signers").mkdir()
    for name, key in public(folder / "jane").items():
        (folder / "signers" / name).write_text(key)
    return folder / "signers"
