"""Ways into the fleet repository but a password: what Flux is told in the cluster, and what the program does itself."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml

from external import entra
from fleet import git_access, seed
from infra.fleet_roles import DECRYPTION
from local_azure import instance
from local_azure.toolchain import Toolchain
from tests.git_servers import Key, SshServer, empty_repository, heads, over_https, over_ssh
from tests.program.conftest import Repository, config
from tests.program.plane import READER
from tests.program.project import STACK, Inputs, Project
from tests.program.test_fleet_repository import ONLY_FLEET
from tests.provider.azure import SUBSCRIPTION, Azure

KEY, READS = Key.made(), Key.made()
AZURE_DEVOPS = "https://dev.azure.com/team/fleet/_git/fleet"
SOPS = f"{SUBSCRIPTION}/resourceGroups/rg-security/providers/Microsoft.KeyVault/vaults/kv-fleet/keys/sops"
VALUES = {"fleet-git-values", "fleet-git-values-of-clusters"}


def sources(found: Inputs) -> list[dict[str, Any]]:
    """The specs of both sources of the fleet."""
    names = (":GitRepository::source", ":GitRepository::source-of-clusters")
    specs = [value["spec"] for key, value in found.items() if key.endswith(names)]
    assert len(specs) == 2
    return specs


def secrets(found: Inputs) -> set[str]:
    """The names of the Secrets about Git; what is in them, a preview does not show."""
    return {key.rpartition("::")[2] for key in found if ":Secret::fleet-git" in key}


@pytest.fixture
def with_key(project: Project, tmp_path: Path) -> Iterator[tuple[Project, SshServer, Path]]:
    """A project whose repository is reached by deploy keys."""
    (tmp_path / "by-ssh").mkdir()
    bare = empty_repository(tmp_path / "by-ssh")
    with over_ssh(bare.parent, {KEY.public: True, READS.public: False}) as server:
        hosts = tmp_path / "known_hosts"
        hosts.write_text(server.known_hosts)
        keys = {"SLIPWAY_GIT_PRIVATE_KEY": KEY.private, "SLIPWAY_GIT_READER_PRIVATE_KEY": READS.private}
        of_ssh = Project(project.folder, {**project.env, **keys})
        way = {"fleetUrl": server.url, "gitAuth": "deployKey", "gitKnownHostsFile": str(hosts)}
        of_ssh.write(config(Repository(bare, server.url), **way))
        yield of_ssh, server, bare


def test_a_deploy_key_is_what_flux_reads_by(
    with_key: tuple[Project, SshServer, Path],
) -> None:
    project, _, bare = with_key
    found = project.planned()
    specs = sources(found)
    assert [each["secretRef"] for each in specs] == [{"name": "fleet-git"}] * 2
    assert not [each for each in specs if "provider" in each]
    assert secrets(found) == {*VALUES, "fleet-git", "fleet-git-of-clusters"}
    assert heads(bare) == {}


def test_by_a_deploy_key_up_seeds_and_the_key_is_in_no_state_and_no_output(
    with_key: tuple[Project, SshServer, Path],
) -> None:
    project, _, bare = with_key
    text = yaml.safe_load((project.folder / f"Pulumi.{STACK}.yaml").read_text())["config"]
    project.write(text, program=ONLY_FLEET)
    printed = project.succeed("up", "--yes", "--skip-preview") + project.succeed("preview", "--diff")
    assert set(heads(bare)) == {"main", "seed"}
    project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes")
    project.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    line = KEY.private.splitlines()[1]
    assert line not in printed
    assert line not in project.state()


@pytest.fixture
def signed_in(
    project: Project, azure: Azure, tools: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A project whose user is signed in to Entra as a pipeline is."""
    # What no variable can say: this Entra is unknown to the public cloud, and its tokens are for no other test.
    command = tmp_path / "bin" / "kubelogin"
    command.parent.mkdir()
    real = shlex.join([f"HOME={tmp_path}", str(tools.bin / "kubelogin")])
    command.write_text(f'#!/bin/sh\nexec env {real} "$@" --disable-instance-discovery\n')
    command.chmod(0o755)
    variables = {
        "PATH": os.pathsep.join([str(command.parent), project.env["PATH"]]),
        "AAD_LOGIN_METHOD": "workloadidentity",
        "AZURE_AUTHORITY_HOST": f"https://{azure.host}/",
        "AZURE_TENANT_ID": instance.TENANT_ID,
        "AZURE_CLIENT_ID": instance.OPERATOR_CLIENT_ID,
        "AZURE_FEDERATED_TOKEN_FILE": str(azure.state / "operator" / "token"),
        "SSL_CERT_FILE": str(azure.certificate),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Project(project.folder, {**project.env, **variables, **READER})


def test_flux_reads_azure_devops_as_service_accounts_that_its_sources_name(
    signed_in: Project, repository: Repository, tmp_path: Path
) -> None:
    # Azure DevOps itself cannot be had here; what git would read there, it reads from this folder.
    aside = tmp_path / "gitconfig"
    aside.write_text(f'[url "{repository.path.as_uri()}"]\n\tinsteadOf = {AZURE_DEVOPS}\n')
    project = Project(signed_in.folder, {**signed_in.env, "GIT_CONFIG_GLOBAL": str(aside)})
    project.write(config(repository, fleetUrl=AZURE_DEVOPS, gitAuth="azureDevOps"))
    found = project.planned()
    for spec in sources(found):
        assert (spec["provider"], spec["serviceAccountName"]) == ("azure", "flux-source")
        assert "secretRef" not in spec
    accounts = [each["metadata"] for key, each in found.items() if ":ServiceAccount::flux-source" in key]
    assert {each["namespace"] for each in accounts} == {"flux-system", "clusters"}
    for each in accounts:
        assert each["annotations"]["azure.workload.identity/tenant-id"] == instance.TENANT_ID
        assert "azure.workload.identity/client-id" in each["annotations"]
    assert secrets(found) == VALUES


def test_the_programs_own_token_is_entras_for_azure_devops_and_pushes(
    signed_in: Project, azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(azure.certificate))
    known = jwt.PyJWKClient(f"https://{azure.host}/common/discovery/v2.0/keys")

    def admits(header: str) -> bool:
        token = re.fullmatch(r"Bearer (.+)", header)
        if not token:
            return False
        key = known.get_signing_key_from_jwt(token[1])
        claims = jwt.decode(token[1], key, algorithms=["RS256"], audience=git_access.AZURE_DEVOPS)
        return bool(claims["appid"] == instance.OPERATOR_CLIENT_ID)

    bare = empty_repository(tmp_path)
    with over_https(tmp_path, admits, monkeypatch) as url:
        remote = git_access.remote({"url": f"{url}/fleet.git", "ca": "", "access": {"by": "azureDevOps"}})
        first = seed.offer(remote, "main")
    assert heads(bare) == {"main": first, "seed": first}
    assert entra.token(git_access.AZURE_DEVOPS) not in repr(remote)


def test_by_a_password_nothing_of_this_is_there(project: Project, repository: Repository) -> None:
    found = Project(project.folder, {**project.env, **READER}).planned()
    assert [each["secretRef"] for each in sources(found)] == [{"name": "fleet-git"}] * 2
    assert secrets(found) == {*VALUES, "fleet-git", "fleet-git-of-clusters"}
    assert not [key for key in found if ":ServiceAccount::flux-" in key]
    (root,) = [each for key, each in found.items() if key.endswith(":Kustomization::root")]
    assert "decryption" not in root["spec"]
    assert "access" not in next(each for key, each in found.items() if key.endswith(":FleetRepository::fleet"))


def test_flux_decrypts_by_one_key_as_a_service_account_that_has_no_other_right(
    project: Project, repository: Repository
) -> None:
    project.write(config(repository, decryptionKeyId=SOPS))
    found = project.planned()
    (root,) = [each for key, each in found.items() if key.endswith(":Kustomization::root")]
    assert root["spec"]["decryption"] == {"provider": "sops", "serviceAccountName": "flux-decryption"}
    (account,) = [each for key, each in found.items() if key.endswith(":ServiceAccount::flux-decryption")]
    assert account["metadata"]["namespace"] == "flux-system"
    (role,) = [each for key, each in found.items() if key.endswith(":RoleDefinition::role-decryption")]
    (permission,) = role["permissions"]
    assert (permission.get("actions", []), permission["dataActions"]) == ([], list(DECRYPTION.data_actions))
    (assigned,) = [each for key, each in found.items() if key.endswith("::flux-decryption-decryption")]
    assert assigned["scope"] == SOPS
