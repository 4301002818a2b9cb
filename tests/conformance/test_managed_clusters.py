"""AKS as its own client sees it. No cluster stands behind these; the ones in tests/machine are real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.conformance.running import SUBSCRIPTION, Running, words

POOL = {"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D2s_v5"}
CLUSTER: dict[str, Any] = {
    "location": "northeurope",
    "identity": {"type": "SystemAssigned"},
    "dns_prefix": "mc",
    "kubernetes_version": "1.36.3",
    "agent_pool_profiles": [POOL],
    "oidc_issuer_profile": {"enabled": True},
    "security_profile": {"workload_identity": {"enabled": True}},
    "aad_profile": {"managed": True, "enable_azure_rbac": True},
}


@pytest.fixture
def cluster(aks: Any, group: str) -> Any:
    return aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()


def test_a_cluster_comes_with_what_aks_adds(azure: Running, resources: Any, cluster: Any, group: str) -> None:
    assert cluster.provisioning_state == "Succeeded"
    assert cluster.current_kubernetes_version == "1.36.3"
    assert cluster.node_resource_group == f"MC_{group}_mc_northeurope"
    assert cluster.fqdn.endswith(".hcp.northeurope.azmk8s.io")
    assert cluster.oidc_issuer_profile.issuer_url.startswith("https://northeurope.oic.prod-aks.azure.com/")
    assert cluster.identity.principal_id
    assert cluster.identity_profile["kubeletidentity"].client_id
    assert [pool.name for pool in cluster.agent_pool_profiles] == ["system"]
    assert resources.resource_groups.get(cluster.node_resource_group).managed_by == cluster.id
    assert ("create", cluster.id) in azure.clusters.calls
    assert ("set_pool system 1", cluster.id) in azure.clusters.calls


@pytest.mark.parametrize(
    ("asked", "mode", "pods"),
    [
        (None, "overlay", "10.244.0.0/16"),
        ({"network_plugin": "azure", "network_plugin_mode": "overlay"}, "overlay", "10.244.0.0/16"),
        ({"network_plugin": "azure"}, None, None),
        ({"network_plugin": "kubenet"}, None, "10.244.0.0/16"),
    ],
)
def test_the_network_depends_on_the_plugin(
    aks: Any, group: str, asked: Any, mode: str | None, pods: str | None
) -> None:
    body = {**CLUSTER, "network_profile": asked}
    profile = aks.managed_clusters.begin_create_or_update(group, "mc", body).result().network_profile
    assert (profile.network_plugin_mode, profile.pod_cidr, profile.service_cidr) == (mode, pods, "10.0.0.0/16")


def test_the_issuer_publishes_its_keys(azure: Running, cluster: Any) -> None:
    path = cluster.oidc_issuer_profile.issuer_url.removeprefix("https://northeurope.oic.prod-aks.azure.com")
    document = azure.http.get(f"{path}.well-known/openid-configuration").json()
    assert document["issuer"] == cluster.oidc_issuer_profile.issuer_url
    assert document["jwks_uri"] == document["issuer"] + "openid/v1/jwks"
    assert azure.http.get(f"{path}openid/v1/jwks").json()["keys"][0]["kty"] == "RSA"


def test_writing_the_same_again_changes_nothing(azure: Running, aks: Any, cluster: Any, group: str) -> None:
    before = len(azure.clusters.calls)
    again = aks.managed_clusters.begin_create_or_update(group, "mc", CLUSTER).result()
    assert again.e_tag == cluster.e_tag
    assert len(azure.clusters.calls) == before


def test_a_cluster_written_without_pools_keeps_them(aks: Any, cluster: Any, group: str) -> None:
    body = {name: value for name, value in CLUSTER.items() if name != "agent_pool_profiles"}
    changed = aks.managed_clusters.begin_create_or_update(group, "mc", {**body, "tags": {"a": "1"}}).result()
    assert [pool.name for pool in changed.agent_pool_profiles] == ["system"]
    assert changed.tags == {"a": "1"}


def test_tags_change_alone(azure: Running, aks: Any, cluster: Any, group: str) -> None:
    tagged = aks.managed_clusters.begin_update_tags(group, "mc", {"tags": {"a": "1"}}).result()
    assert tagged.tags == {"a": "1"}
    assert (tagged.fqdn, tagged.identity.principal_id) == (cluster.fqdn, cluster.identity.principal_id)
    assert [pool.name for pool in tagged.agent_pool_profiles] == ["system"]


def test_pools_are_added_scaled_and_removed(azure: Running, aks: Any, cluster: Any, group: str) -> None:
    pool = {"mode": "User", "count": 1, "vm_size": "Standard_D2s_v5", "node_labels": {"a": "b"}}
    created = aks.agent_pools.begin_create_or_update(group, "mc", "user", pool).result()
    assert (created.provisioning_state, created.os_sku) == ("Succeeded", "Ubuntu")
    assert aks.agent_pools.begin_create_or_update(group, "mc", "user", {**pool, "count": 3}).result().count == 3
    assert ("set_pool user 3", cluster.id) in azure.clusters.calls
    shown = aks.managed_clusters.get(group, "mc").agent_pool_profiles
    assert {found.name: found.count for found in shown} == {"system": 1, "user": 3}
    aks.agent_pools.begin_delete(group, "mc", "user").result()
    assert [found.name for found in aks.agent_pools.list(group, "mc")] == ["system"]
    assert ("delete_pool user", cluster.id) in azure.clusters.calls


def test_a_pool_with_the_autoscaler_keeps_the_nodes_that_it_has(aks: Any, cluster: Any, group: str) -> None:
    def write(**pool: object) -> Any:
        body = {"mode": "User", "enable_auto_scaling": True, "min_count": 2, "max_count": 4, **pool}
        return aks.agent_pools.begin_create_or_update(group, "mc", "user", body).result()

    with pytest.raises(HttpResponseError) as refused:
        write()
    assert (words(refused).code, words(refused).target) == ("InvalidParameter", "properties.count")
    assert write(count=1).count == 2
    assert write(count=4).count == 2
    assert write(min_count=3).count == 3
    assert write(enable_auto_scaling=False, min_count=None, max_count=None, count=1).count == 1
    with pytest.raises(HttpResponseError, match="minCount and maxCount"):
        write(min_count=5)


def test_a_pool_is_not_added_through_its_cluster(aks: Any, cluster: Any, group: str) -> None:
    pools = [POOL, {**POOL, "name": "more"}]
    with pytest.raises(HttpResponseError, match="A new agent pool was introduced"):
        aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, "agent_pool_profiles": pools})


def test_the_last_system_pool_stays(aks: Any, cluster: Any, group: str) -> None:
    with pytest.raises(HttpResponseError, match="at least one system agent pool"):
        aks.agent_pools.begin_delete(group, "mc", "system")


def test_credentials(aks: Any, cluster: Any, group: str) -> None:
    admin = aks.managed_clusters.list_cluster_admin_credentials(group, "mc").kubeconfigs[0]
    assert admin.name == "clusterAdmin" and b"current-context" in bytes(admin.value)
    user = aks.managed_clusters.list_cluster_user_credentials(group, "mc").kubeconfigs[0]
    assert user.name == "clusterUser" and b"kubelogin" in bytes(user.value)


def test_without_local_accounts_there_is_no_admin(aks: Any, cluster: Any, group: str) -> None:
    aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, "disable_local_accounts": True}).result()
    with pytest.raises(HttpResponseError, match="disable local accounts"):
        aks.managed_clusters.list_cluster_admin_credentials(group, "mc")


def test_nothing_else_happens_while_an_operation_is_in_progress(
    aks: Any, cluster: Any, group: str, no_faults: Running
) -> None:
    no_faults.set(durations={"Microsoft.ContainerService/managedClusters": {"update": 1.5}})
    update = aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, "tags": {"a": "1"}})
    assert aks.managed_clusters.get(group, "mc").provisioning_state == "Updating"
    writes: list[Callable[[], object]] = [
        lambda: aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, "tags": {"a": "2"}}),
        lambda: aks.agent_pools.begin_create_or_update(group, "mc", "user", {"count": 1, "mode": "User"}),
    ]
    for write in writes:
        with pytest.raises(ResourceExistsError) as refused:
            write()
        assert (refused.value.status_code, words(refused).code) == (409, "OperationNotAllowed")
    assert update.result().tags == {"a": "1"}


def test_versions_go_up_one_minor_at_a_time(aks: Any, group: str) -> None:
    def write(version: str) -> Any:
        body = {**CLUSTER, "kubernetes_version": version}
        return aks.managed_clusters.begin_create_or_update(group, "mc", body).result()

    write("1.34.8")
    with pytest.raises(HttpResponseError, match="Upgrading Kubernetes version"):
        write("1.36.3")
    assert write("1.35").current_kubernetes_version == "1.35.6"
    with pytest.raises(HttpResponseError, match="Downgrading"):
        write("1.34.8")
    pools = aks.managed_clusters.get(group, "mc").agent_pool_profiles
    assert pools[0].current_orchestrator_version == "1.34.8"
    with pytest.raises(HttpResponseError) as refused:
        aks.agent_pools.begin_create_or_update(group, "mc", "user", {"orchestrator_version": "1.36.3", "count": 1})
    assert words(refused).code == "NodePoolMcVersionIncompatible"


def test_versions_are_listed(aks: Any, cluster: Any, group: str) -> None:
    offered = aks.managed_clusters.list_kubernetes_versions("northeurope").values
    assert [found.version for found in offered if found.is_default] == ["1.36"]
    assert aks.managed_clusters.get_upgrade_profile(group, "mc").control_plane_profile.kubernetes_version == "1.36.3"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kubernetes_version": "1.12.0"}, "K8sVersionNotSupported"),
        ({"agent_pool_profiles": [{**POOL, "mode": "User"}]}, "at least one system pool"),
        ({"agent_pool_profiles": [{**POOL, "name": "System-1"}]}, "agentPoolProfile"),
        ({"agent_pool_profiles": [{**POOL, "os_disk_size_gb": 9999}]}, "osDiskSizeGB"),
        ({"dns_prefix": None}, "dnsPrefix"),
        ({"location": "nowhere"}, "LocationNotAvailableForResourceType"),
        ({"identity": None}, "identity"),
        ({"oidc_issuer_profile": None}, "OIDC issuer"),
        ({"network_profile": {"network_plugin": "kubenet", "network_dataplane": "cilium"}}, "cilium"),
        ({"network_profile": {"pod_cidr": "10.0.0.0/16", "service_cidr": "10.0.0.0/16"}}, "overlap"),
        ({"network_profile": {"service_cidr": "10.1.0.0/16"}}, "DnsServiceIP"),
    ],
)
def test_a_cluster_azure_would_not_make(aks: Any, group: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, **change})
    assert refused.value.status_code == 400
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dns_prefix": "other"}, "properties.dnsPrefix"),
        ({"network_profile": {"pod_cidr": "192.168.0.0/16"}}, "properties.networkProfile.podCidr"),
        ({"agent_pool_profiles": [{**POOL, "vm_size": "Standard_D8s_v5"}]}, "properties.vmSize"),
    ],
)
def test_what_cannot_change(aks: Any, cluster: Any, group: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        aks.managed_clusters.begin_create_or_update(group, "mc", {**CLUSTER, **change})
    assert (words(refused).code, words(refused).target) == ("PropertyChangeNotAllowed", said)


def test_a_cluster_uses_a_network_and_an_identity_that_exist(
    aks: Any, network: Any, identities: Any, group: str
) -> None:
    base = f"{SUBSCRIPTION}/resourceGroups/{group}/providers"
    identity = f"{base}/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    subnet = f"{base}/Microsoft.Network/virtualNetworks/v/subnets/nodes"
    body = {
        **CLUSTER,
        "identity": {"type": "UserAssigned", "user_assigned_identities": {identity: {}}},
        "agent_pool_profiles": [{**POOL, "vnet_subnet_id": subnet}],
    }
    with pytest.raises(HttpResponseError, match="FailedIdentityOperation"):
        aks.managed_clusters.begin_create_or_update(group, "mc", body)
    identities.user_assigned_identities.create_or_update(group, "i", {"location": "northeurope"})
    with pytest.raises(HttpResponseError, match="was not found"):
        aks.managed_clusters.begin_create_or_update(group, "mc", body)
    space = {
        "location": "northeurope",
        "address_space": {"address_prefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "nodes", "address_prefix": "10.1.0.0/24"}],
    }
    network.virtual_networks.begin_create_or_update(group, "v", space).result()
    aks.managed_clusters.begin_create_or_update(group, "mc", body).result()
    deletes: list[Callable[[], object]] = [
        lambda: network.subnets.begin_delete(group, "v", "nodes"),
        lambda: network.virtual_networks.begin_delete(group, "v"),
    ]
    for delete in deletes:
        with pytest.raises(HttpResponseError) as refused:
            delete()
        assert words(refused).code == "InUseSubnetCannotBeDeleted"


DELEGATED = [{"name": "aks", "service_name": "Microsoft.ContainerService/managedClusters"}]


@pytest.fixture
def put_into(aks: Any, network: Any, group: str) -> Callable[..., object]:
    """Puts a cluster into a network with subnets for nodes, for an API server, and others that do not fit."""
    listed = [
        {"name": "nodes", "address_prefix": "10.1.0.0/24"},
        {"name": "services", "address_prefix": "10.0.9.0/24"},
        {"name": "api", "address_prefix": "10.1.1.0/28", "delegations": DELEGATED},
        {"name": "small", "address_prefix": "10.1.1.16/29", "delegations": DELEGATED},
    ]
    space = {"location": "northeurope", "address_space": {"address_prefixes": ["10.0.0.0/15"]}, "subnets": listed}
    network.virtual_networks.begin_create_or_update(group, "v", space).result()
    subnets = f"{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/v/subnets"

    def put(nodes: str, access: dict[str, Any], profile: dict[str, Any]) -> object:
        own = {"subnet_id": f"{subnets}/{access['subnet_id']}"} if "subnet_id" in access else {}
        body = {
            **CLUSTER,
            "agent_pool_profiles": [{**POOL, "vnet_subnet_id": f"{subnets}/{nodes}"}],
            "api_server_access_profile": {**access, **own},
            "network_profile": profile,
        }
        return aks.managed_clusters.begin_create_or_update(group, "mc", body)

    return put


APART = {"service_cidr": "10.2.0.0/16", "dns_service_ip": "10.2.0.10"}


@pytest.mark.parametrize(
    ("nodes", "access", "profile", "said"),
    [
        ("api", {}, APART, "SubnetIsDelegated"),
        ("nodes", {"enable_vnet_integration": True}, APART, "subnetId should not be empty"),
        ("nodes", {"enable_vnet_integration": True, "subnet_id": "none"}, APART, "VnetSubnetIDNotFound"),
        ("nodes", {"enable_vnet_integration": True, "subnet_id": "services"}, APART, "is not delegated to"),
        ("nodes", {"enable_vnet_integration": True, "subnet_id": "small"}, APART, "is smaller than /28"),
        ("nodes", {}, {}, "ServiceCidrOverlapExistingSubnetsCidr"),
        ("nodes", {}, {**APART, "outbound_type": "userAssignedNATGateway"}, "No NAT gateway"),
        ("nodes", {}, {**APART, "outbound_type": "userDefinedRouting"}, "ExistingRouteTableNotAssociatedWithSubnet"),
    ],
)
def test_a_cluster_azure_would_not_put_into_a_network(
    put_into: Callable[..., object], nodes: str, access: dict[str, Any], profile: dict[str, Any], said: str
) -> None:
    with pytest.raises(HttpResponseError, match=said) as refused:
        put_into(nodes, access, profile)
    assert refused.value.status_code == 400


def test_delete_removes_cluster_and_node_resource_group(
    azure: Running, aks: Any, resources: Any, cluster: Any, group: str
) -> None:
    aks.managed_clusters.begin_delete(group, "mc").result()
    with pytest.raises(ResourceNotFoundError) as missing:
        aks.managed_clusters.get(group, "mc")
    assert words(missing).code == "ResourceNotFound"
    assert not resources.resource_groups.check_existence(cluster.node_resource_group)
    assert ("delete", cluster.id) in azure.clusters.calls
    aks.managed_clusters.begin_delete(group, "mc").result()
    deletes = azure.requests(method="DELETE", path=f"{group}/.*/managedClusters/mc$")
    assert [found["status"] for found in deletes] == [202, 204]


def test_disks_have_a_key_that_the_cluster_may_read(  # noqa: PLR0917
    azure: Running, aks: Any, identities: Any, roles: Any, group: str, compute: Any
) -> None:
    place = {"location": "northeurope"}
    key = compute.disk_encryption_sets.begin_create_or_update(
        group, "des", {**place, "identity": {"type": "SystemAssigned"}}
    ).result()
    assert key.identity.principal_id
    owner = identities.user_assigned_identities.create_or_update(group, "owner", place)
    body = {
        **CLUSTER,
        "identity": {"type": "UserAssigned", "user_assigned_identities": {owner.id: {}}},
        "disk_encryption_set_id": key.id,
    }
    with pytest.raises(HttpResponseError) as refused:
        aks.managed_clusters.begin_create_or_update(group, "mc", body)
    assert words(refused).code == "LinkedAuthorizationFailed"
    assert "'Microsoft.Compute/diskEncryptionSets/read'" in words(refused).message
    reader = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    may = {"principal_id": owner.principal_id, "principal_type": "ServicePrincipal", "role_definition_id": reader}
    roles.role_assignments.create(key.id, "3d5f1d10-0000-4000-8000-00000000000c", may)
    made = aks.managed_clusters.begin_create_or_update(group, "mc", body).result()
    assert made.disk_encryption_set_id == key.id
    with pytest.raises(HttpResponseError, match="is used by"):
        compute.disk_encryption_sets.begin_delete(group, "des")


@pytest.mark.parametrize("key", ["none", "elsewhere"])
def test_a_key_of_disks_must_be_in_the_region(aks: Any, group: str, compute: Any, key: str) -> None:
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}}
    made = compute.disk_encryption_sets.begin_create_or_update(group, "elsewhere", body).result()
    asked = {**CLUSTER, "disk_encryption_set_id": made.id.replace("/elsewhere", f"/{key}")}
    with pytest.raises(HttpResponseError, match="was not found in the region"):
        aks.managed_clusters.begin_create_or_update(group, "mc", asked)


def test_encryption_at_host_is_for_new_pools(aks: Any, cluster: Any, group: str) -> None:
    pool = {"mode": "User", "count": 1, "vm_size": "Standard_D2s_v5", "enable_encryption_at_host": True}
    made = aks.agent_pools.begin_create_or_update(group, "mc", "more", pool).result()
    assert made.enable_encryption_at_host
    with pytest.raises(HttpResponseError) as refused:
        changed = {**pool, "enable_encryption_at_host": False}
        aks.agent_pools.begin_create_or_update(group, "mc", "more", changed)
    assert words(refused).code == "PropertyChangeNotAllowed"
