"""Settings: short stacks are complete, wrong ones are explained all at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import settings_page
from infra.problems import SettingsError
from infra.setting_group import NAMESPACE
from infra.settings import GROUPS, Settings
from local_azure import instance
from management_cluster import versions

CHECKOUT = Path(__file__).parents[2]
GUID = "01234567-89ab-cdef-0123-456789abcdef"
SHORT = {
    "azure-native:subscriptionId": GUID,
    "azure-native:tenantId": GUID,
    "slipway:location": "westeurope",
    "slipway:fleetUrl": "https://git.example.com/fleet.git",
}
ENVIRONMENT = {"SLIPWAY_GIT_PASSWORD": "from-a-pipeline"}


def parse(**changed: str) -> Settings:
    """The settings of a short stack with some keys of our namespace set."""
    config = SHORT | {f"{NAMESPACE}:{key}": value for key, value in changed.items()}
    return Settings.parse(config, stack="dev", environment=ENVIRONMENT)


def complaints(**changed: str) -> list[str]:
    """What is said about the settings of such a stack."""
    with pytest.raises(SettingsError) as raised:
        parse(**changed)
    return [str(problem) for problem in raised.value.problems]


def test_four_keys_and_a_password_are_enough() -> None:
    settings = parse()
    assert settings.azure.name == "dev"
    assert settings.aks.protect
    assert settings.providers.cluster_api_version == versions.CLUSTER_API
    assert settings.flux.flux_version == versions.FLUX
    assert settings.fleet.secret("git_password") == "from-a-pipeline"


def test_an_empty_value_is_no_value() -> None:
    assert parse(clusterApiVersion="").providers.cluster_api_version == versions.CLUSTER_API


def test_the_stack_goes_before_the_environment() -> None:
    config = SHORT | {"slipway:gitPassword": "from-the-stack"}
    settings = Settings.parse(config, stack="dev", secret_keys=["slipway:gitPassword"], environment=ENVIRONMENT)
    assert settings.fleet.secret("git_password") == "from-the-stack"


@pytest.mark.parametrize(
    ("key", "value", "rule", "mend"),
    [
        ("location", "West Europe", "is not a region of Azure", 'Did you mean "westeurope"?'),
        ("location", "moon", "is not a region of Azure", "az account list-locations"),
        ("lokation", "westeurope", "there is no such setting", "Did you mean slipway:location?"),
        ("kubernetesVersion", "v1.36", "is not a Kubernetes version", "1.36"),
        ("kubernetesVersion", "1.35.2", "must be at least 1.36", "a newer one"),
        ("clusterApiVersion", "1.12.8", "is not a release's version", "v1.12.8"),
        ("azureProviderVersion", "latest", "is not a release's version", "v1.12.8"),
        ("systemPoolCount", "many", "is not a number of nodes", '"3-5"'),
        ("systemPoolCount", "5-3", "must be from 1 to 1000, the smaller number first", '"3-5"'),
        ("controllersPoolCount", "0", "must be from 1 to 1000", '"3"'),
        ("zones", "1", "is not a list", "a hyphen in front"),
        ("maintenanceDay", "Sonntag", "must be 'Monday'", "one of these"),
        ("maintenanceHour", "24", "must be at most 23", "smaller"),
        ("teardown", "delete", "must be 'refuse', 'drain' or 'detach'", "one of these"),
        ("protect", "perhaps", "is neither true nor false", "true or false"),
        ("tier", "Gold", "must be 'Free', 'Standard' or 'Premium'", "one of these"),
        ("fleetSize", "50", "must be 10, 100 or 1000", "one of these"),
        ("fleetSize", "many", "must be 10, 100 or 1000", "one of these"),
        ("controllerReplicas", "0", "must be at least 1", "larger"),
        ("controllerReplicas", "4", "must be at most 3", "smaller"),
        ("imageRegistry", "https://mirror.azurecr.io", "is not a registry's address", "without https://"),
        ("name", "Dev_1", "lower-case letters, digits and '-'", "Set slipway:name"),
        ("name", "d" * 41, "2 to 40", "Set slipway:name"),
        ("podCidr", "10.300.0.0/16", "is not an IPv4 range", "10.224.0.0/16"),
        ("podCidr", "10.100.3.0/16", "has address bits behind the prefix", '"10.100.0.0/16"'),
        ("podCidr", "10.224.128.0/17", "overlaps slipway:vnetCidr (10.224.0.0/16)", "no address in common"),
        ("podCidr", "8.8.0.0/16", "is not a private range", "10.0.0.0/8"),
        ("serviceCidr", "172.30.4.0/24", "which AKS uses itself", "another range"),
        ("serviceCidr", "10.0.0.0/30", "must be a range from /12 to /28", "prefix length"),
        ("nodesSubnetCidr", "10.225.0.0/24", "is not inside slipway:vnetCidr", "a part of that range"),
        ("apiServerSubnetCidr", "10.224.16.0/29", "must be a range from /8 to /28", "prefix length"),
        ("endpointsSubnetCidr", "10.224.15.0/24", "overlaps slipway:nodesSubnetCidr (10.224.0.0/20)", "in common"),
        ("nodesSubnetCidr", "10.224.0.0/28", "has room for 11 nodes; the pools may have 14", "fewer nodes"),
        ("podCidr", "10.244.0.0/21", "has a /24 for 8 nodes; the pools may have 14", "larger range"),
        ("nodesSubnetId", "snet-nodes", "is not the id of a subnet", "az network vnet subnet show"),
        ("defenderWorkspaceId", "logs", "is not the id of a Log Analytics workspace", "az monitor log-analytics"),
        ("logWorkspaceId", "logs", "is not the id of a Log Analytics workspace", "az monitor log-analytics"),
        ("registryId", "images.azurecr.io", "is not the id of a container registry", "az acr show"),
        ("metricsWorkspaceId", "metrics", "is not the id of an Azure Monitor workspace", "az monitor account show"),
        ("diskEncryptionSetId", "key", "is not the id of a disk encryption set", "az disk-encryption-set show"),
        ("encryptionAtHost", "yes please", "is neither true nor false", "true or false"),
        ("egress", "firewall", "must be 'natGateway' or 'userDefinedRouting'", "one of these"),
        ("egress", "userDefinedRouting", "needs a subnet whose route table leads somewhere", "slipway:nodesSubnetId"),
        (
            "fleetUrl",
            "git@github.com:team/fleet",
            "is written as for scp",
            '"ssh://git@github.com/team/fleet" with slipway:gitAuth',
        ),
        ("fleetUrl", "fleet", "is not the address of a Git repository", "https://host/fleet.git"),
        ("fleetUrl", "https://me:pass@host/fleet", "has a user or password in it", "slipway:gitPassword"),
        ("fleetBranch", "a..b", "is not a branch's name", "main"),
        (
            "fleetUrl",
            "ssh://git@host/fleet.git",
            "is not an https address, as slipway:gitAuth password wants",
            "https://",
        ),
        ("gitAuth", "kerberos", "must be 'password', 'azureDevOps', 'githubApp' or 'deployKey'", "one of these"),
        ("githubAppId", "1234", "has no effect with slipway:gitAuth password", "Remove it"),
        ("gitKnownHostsFile", "/etc/hosts", "has no effect with slipway:gitAuth password", "Remove it"),
        ("githubApiUrl", "http://github.example.com", "is not an https address", "without a /"),
        ("decryptionKeyId", "https://v.vault.azure.net/keys/sops", "is not the ARM id of a key", "add /keys/NAME"),
        ("gitCaFile", "ca.crt", "there is no such file", "PEM"),
        ("gitCaFile", "/there/is/none.crt", "there is no such file", "PEM"),
        ("gitSigners", "/there/is/none", "there is no such folder", "public keys"),
        ("gitSigners", "/proc/self/task", "has no public key", ".sshpub"),
        ("fleetSubscriptions", GUID, "is not a list", "a hyphen in front"),
        ("domain", "fleet_internal", "is not a domain name", "fleet.example.com"),
    ],
)
def test_a_wrong_value_names_key_value_rule_and_mend(key: str, value: str, rule: str, mend: str) -> None:
    (complaint,) = complaints(**{key: value})
    assert complaint.startswith(f'slipway:{key} = "{value}": ')
    assert rule in complaint
    assert mend in complaint


def test_the_fleet_is_in_the_management_clusters_subscription_unless_a_stack_says_otherwise() -> None:
    other = GUID.replace("0", "9").upper()
    assert parse().azure.subscriptions_of_fleet == (GUID,)
    assert parse(fleetSubscriptions=json.dumps([other])).azure.subscriptions_of_fleet == (other.lower(),)


@pytest.mark.parametrize(
    ("key", "values", "said"),
    [
        ("fleetSubscriptions", ["first"], "is not a GUID"),
        ("fleetSubscriptions", [GUID, GUID.upper()], "is there more than once"),
        ("teamResources", ["Database"], "must be 'UserAssignedIdentity', 'FederatedIdentityCredential'"),
    ],
)
def test_lists_about_the_fleet_name_what_there_is(key: str, values: list[str], said: str) -> None:
    (complaint,) = complaints(**{key: json.dumps(values)})
    assert complaint.startswith(f"slipway:{key}")
    assert said in complaint


def test_everything_wrong_is_said_at_once() -> None:
    found = complaints(location="moon", podCidr="10.224.0.0/16", fluxVersion="2", typo="x", systemPoolCount="-1")
    assert [line.split(" ")[0] for line in found] == [
        "slipway:typo",
        "slipway:location",
        "slipway:systemPoolCount",
        "slipway:podCidr",
        "slipway:fluxVersion",
    ]


def test_what_is_missing_is_said_with_the_command_that_sets_it() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.parse({}, stack="dev")
    text = str(raised.value)
    for key in SHORT:
        assert f"{key}: is not set. `pulumi config set {key} VALUE`" in text
    assert "`pulumi config set --secret slipway:gitPassword`, or SLIPWAY_GIT_PASSWORD" in text


@pytest.mark.parametrize("key", ["gitPassword", "gitReaderPassword"])
def test_a_readable_password_is_refused_and_not_repeated(key: str) -> None:
    (complaint,) = complaints(**{key: "hunter2"})
    assert f"pulumi config set --secret slipway:{key}" in complaint
    assert "hunter2" not in complaint


def test_settings_do_not_show_the_password() -> None:
    assert "from-a-pipeline" not in repr(parse())


def _schema() -> dict[str, dict[str, Any]]:
    schema: dict[str, dict[str, Any]] = yaml.safe_load((CHECKOUT / "Pulumi.yaml").read_text())["config"]
    return schema


def test_the_schema_in_pulumi_yaml_lists_exactly_the_settings() -> None:
    ours = {key for group in GROUPS.values() for key in group.config_keys() if key.startswith(NAMESPACE)}
    assert {f"{NAMESPACE}:{key}" for key in _schema()} == ours
    assert all(about["description"].endswith(".") for about in _schema().values())


def test_the_defaults_in_pulumi_yaml_are_those_of_the_program() -> None:
    # As Pulumi hands a value over: texts as they are, everything else as JSON.
    given = {key: about["default"] for key, about in _schema().items() if "default" in about}
    defaults = {
        f"{NAMESPACE}:{key}": each if isinstance(each, str) else json.dumps(each) for key, each in given.items()
    }
    with_schema = Settings.parse(SHORT | defaults, stack="dev", environment=ENVIRONMENT)
    assert with_schema == parse()


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_the_stacks_here_are_valid_and_short(stack: str) -> None:
    text = (CHECKOUT / f"Pulumi.{stack}.yaml").read_text()
    found = yaml.safe_load(text)["config"]
    config = {key: json.dumps(value) if isinstance(value, list) else str(value) for key, value in found.items()}
    assert Settings.parse(config, stack=stack, environment=ENVIRONMENT).azure.name == stack
    assert len(text.splitlines()) <= 15


def test_the_page_of_the_settings_is_current() -> None:
    assert (CHECKOUT / "docs" / "settings.md").read_text() == settings_page.page(), "run `make settings`"


def test_a_stack_file_is_short() -> None:
    assert len((CHECKOUT / "Pulumi.dev.yaml").read_text().splitlines()) <= 15


def test_the_local_stack_is_that_of_the_local_azure() -> None:
    config = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["config"]
    assert config["azure-native:subscriptionId"] == instance.SUBSCRIPTION_ID
    assert config["azure-native:tenantId"] == instance.TENANT_ID
    assert config["slipway:fleetUrl"] == f"https://{instance.GIT}/fleet.git"


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("zones", '["1", "4"]', "slipway:zones[1] = \"4\": must be '1', '2' or '3'. Choose one of these."),
        ("adminGroups", '["platform"]', 'slipway:adminGroups[0] = "platform": is not a GUID. `az ad group show'),
        ("authorizedIpRanges", '["203.0.113.7/24"]', "has address bits behind the prefix"),
    ],
)
def test_a_wrong_value_in_a_list_is_named(key: str, value: str, complaint: str) -> None:
    (said,) = complaints(**{key: value})
    assert complaint in said


def test_nodes_are_a_number_or_a_range() -> None:
    aks = parse(systemPoolCount="2", controllersPoolCount="2-4").aks
    assert (aks.system_pool_count.autoscaled, aks.controllers_pool_count.autoscaled) == (False, True)


def test_two_numbers_of_a_kubernetes_version_leave_the_patches_to_aks() -> None:
    assert parse(kubernetesVersion="1.36").aks.patches_itself
    assert not parse(kubernetesVersion="1.36.3").aks.patches_itself


NODES = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"


def test_two_subnets_of_somebody_else_take_the_place_of_a_network() -> None:
    network = parse(
        nodesSubnetId=NODES, apiServerSubnetId=NODES.replace("nodes", "api"), podCidr="10.224.0.0/16"
    ).network
    assert network.given == (NODES, NODES.replace("nodes", "api"))


@pytest.mark.parametrize(
    ("one", "other"), [("nodesSubnetId", "apiServerSubnetId"), ("apiServerSubnetId", "nodesSubnetId")]
)
def test_one_subnet_alone_is_refused(one: str, other: str) -> None:
    (said,) = complaints(**{one: NODES})
    assert said == f'slipway:{one} = "{NODES}": needs slipway:{other}. Set both.'


def test_every_range_is_apart_from_connected_networks() -> None:
    said = complaints(peerCidrs='["10.8.0.0/14", "10.240.0.0/12"]')
    assert said == [
        'slipway:peerCidrs[1] = "10.240.0.0/12": overlaps slipway:podCidr (10.244.0.0/16). '
        "Choose ranges that have no address in common."
    ]


def test_ranges_that_could_never_reach_a_private_api_server_are_refused() -> None:
    (said,) = complaints(privateApiServer="true", authorizedIpRanges='["203.0.113.0/24"]')
    assert "has no effect on a private API server" in said
