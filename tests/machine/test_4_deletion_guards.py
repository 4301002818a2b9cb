"""Nothing is deleted by accident: the guards of the fleet repository, on a real API server with a garbage collector."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from local_azure.clusters import Clusters
from local_azure.toolchain import Toolchain
from tests.machine import guarded
from tests.machine.cluster import Cluster, soon, spec
from tests.machine.guarded import (
    AKS,
    BY,
    CAPI,
    CAPZ,
    CLUSTER,
    DATA,
    FLUX,
    INFRASTRUCTURE,
    KUSTOMIZE,
    MOVED,
    NAMESPACE,
    OWNED,
    POLICY,
    RESOURCES,
    TENANT,
    UNTIL,
    Guarded,
    approval,
)

ADMINISTRATOR = ""
KINDS = ["Cluster", "AzureASOManagedCluster", "AzureASOManagedControlPlane", "ResourceGroup", "ManagedCluster"]


@pytest.fixture(scope="module")
def fleet(clusters: Clusters, tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """The guards, without a node: nothing here needs a pod."""
    clusters.create(spec("guarded"))
    return Guarded(Cluster(clusters, tools, "guarded", tmp_path_factory.mktemp("kubeconfig")), tools)


@pytest.fixture(scope="module")
def live(fleet: Guarded) -> dict[str, str]:
    """A cluster that nobody means to delete; by kind."""
    return fleet.chain("live")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_leads_to_a_cluster_is_deleted_unapproved(fleet: Guarded, live: dict[str, str], kind: str) -> None:
    for user in (ADMINISTRATOR, FLUX, TENANT, CAPI, CAPZ):
        assert fleet.refused("delete", live[kind], by=user), f"{user} may delete {live[kind]}"


def test_the_refusal_says_how_to_approve(fleet: Guarded, live: dict[str, str]) -> None:
    said = fleet.refused("delete", live["Cluster"])
    assert f"Cluster {NAMESPACE}/live: its deletion is not approved; the annotation {BY} is missing" in said
    assert "two merges" in said


def test_all_at_once_is_refused_as_one_by_one(fleet: Guarded, live: dict[str, str]) -> None:
    path = f"/apis/{CLUSTER}/namespaces/{NAMESPACE}/clusters"
    assert "not approved" in fleet.refused("delete", f"--raw={path}")
    assert fleet.exists(live["Cluster"])


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ({BY: "jane"}, f"{UNTIL} is missing"),
        ({UNTIL: "2099-01-01T00:00:00Z"}, f"{BY} is missing"),
        ({BY: "jane", UNTIL: "tomorrow"}, 'is "tomorrow", not a time such as'),
        ({BY: "jane", UNTIL: "2099-13-41T00:00:00Z"}, "denied request"),
        (approval(hours=-0.05), "by jane@example.com expired at"),
        (approval(hours=31 * 24), "is for more than 30 days, until"),
    ],
)
def test_half_an_approval_or_an_old_one_is_none(fleet: Guarded, annotations: dict[str, str], said: str) -> None:
    name = fleet.make(CLUSTER, "Cluster", "half", spec=_empty(), metadata={"annotations": annotations})
    try:
        assert said in fleet.refused("delete", name)
    finally:
        fleet.annotate(name, approval())
        assert fleet.delete(name) == ""


@pytest.mark.parametrize("annotation", [BY, UNTIL])
def test_only_the_platform_approves(fleet: Guarded, live: dict[str, str], annotation: str) -> None:
    value = {annotation: approval()[annotation]}
    for user in (TENANT, CAPI, CAPZ):
        for kind in KINDS:
            assert "may not approve the deletion" in fleet.annotate(live[kind], value, by=user)
    assert fleet.annotate(live["Cluster"], value, by=FLUX) == ""
    assert fleet.annotate(live["Cluster"], {"note": "changes of anything else stay allowed"}, by=TENANT) == ""
    assert "may not approve" in fleet.annotate(live["Cluster"], {annotation: "2099-01-01T00:00:00Z"}, by=TENANT)
    assert fleet.annotate(live["Cluster"], {annotation: None}, by=TENANT) == ""


def test_an_approved_cluster_is_taken_apart_by_its_controllers_only(fleet: Guarded) -> None:
    made = fleet.chain("leaving")
    assert fleet.annotate(made["Cluster"], approval(), by=FLUX) == ""
    for kind in ("AzureASOManagedControlPlane", "AzureASOManagedCluster"):
        assert "refers to it and is not being deleted" in fleet.refused("delete", made[kind], by=CAPI)
    assert fleet.delete(made["Cluster"], by=FLUX) == ""
    for kind, azure in (("AzureASOManagedControlPlane", "ManagedCluster"), ("AzureASOManagedCluster", "ResourceGroup")):
        assert "owns it and is not being deleted" in fleet.refused("delete", made[azure], by=CAPZ)
        assert "not approved" in fleet.refused("delete", made[kind])
        assert soon(lambda kind=kind: fleet.delete(made[kind], by=CAPI) == "", 5)  # type: ignore[misc]
        assert "not approved" in fleet.refused("delete", made[azure])
        assert soon(lambda azure=azure: fleet.delete(made[azure], by=CAPZ) == "", 5)  # type: ignore[misc]
        assert fleet.delete(made[azure], by=CAPZ) == "", "a controller asks again while it waits"
    for kind in reversed(KINDS):
        _release(fleet, made[kind])
        assert not fleet.exists(made[kind])


@pytest.mark.parametrize("kind", ["ResourceGroup", "ManagedCluster"])
@pytest.mark.parametrize("policy", ["detach-on-delete", "skip"])
def test_a_cluster_stays_until_its_approval_has_reached_azure(fleet: Guarded, kind: str, policy: str) -> None:
    made = fleet.chain(f"early-{kind.lower()}-{policy}")
    assert fleet.annotate(made["Cluster"], approval(), by=FLUX) == ""
    fleet.annotate(made[kind], {POLICY: policy})
    assert f"has not reached its {kind} yet" in fleet.refused("delete", made["Cluster"], by=FLUX)
    fleet.annotate(made[kind], {POLICY: "manage"})
    assert fleet.refused("delete", made["Cluster"], by=FLUX) == ""


def test_a_cluster_that_has_nothing_in_azure_yet_can_be_cleaned_up(fleet: Guarded) -> None:
    name = fleet.make(INFRASTRUCTURE, "AzureASOManagedCluster", "new")
    assert fleet.delete(name) == ""


@pytest.mark.parametrize(
    ("api", "kind"), [(INFRASTRUCTURE, "AzureASOManagedMachinePool"), (AKS, "ManagedClustersAgentPool")]
)
def test_a_pool_is_removed_without_an_approval(fleet: Guarded, api: str, kind: str) -> None:
    about = {"owner": {"name": "live"}} if api == AKS else {}
    name = fleet.make(api, kind, "pool", spec=about)
    assert fleet.delete(name, by=CAPZ if api == AKS else CAPI) == ""


@pytest.mark.parametrize("kind", ["Cluster", "ManagedCluster"])
def test_what_git_has_no_more_keeps_its_agent_until_its_deletion_is_approved(fleet: Guarded, kind: str) -> None:
    request = {"Cluster": (CLUSTER, _empty()), "ManagedCluster": (AKS, {"location": "x", "owner": {"name": "any"}})}
    api, about = request[kind]
    name = f"removed-{kind.lower()}"
    cluster = fleet.make(api, kind, name, spec=about)
    applied = {"labels": {"kustomize.toolkit.fluxcd.io/name": "dev"}}
    source = {"kind": "GitRepository", "name": "fleet"}
    needs = {"interval": "1m", "prune": True, "sourceRef": source}
    agent, foreign = (
        fleet.make(KUSTOMIZE, "Kustomization", f"{name}-{end}", metadata=applied, spec=needs)
        for end in ("agent", "app")
    )
    assert f"the {kind} {name} runs on: Git has it no more" in fleet.refused("delete", agent, by=FLUX)
    assert "runs on" in fleet.refused("delete", agent, by=TENANT)
    assert fleet.refused("delete", agent, by=ADMINISTRATOR) == ""
    assert fleet.refused("delete", foreign, by=FLUX) == ""
    fleet.annotate(cluster, approval(), by=FLUX)
    assert fleet.delete(agent, by=FLUX) == ""
    assert fleet.delete(cluster) == ""


def test_what_is_marked_as_holding_data_needs_an_approval(fleet: Guarded) -> None:
    marked = {"labels": {DATA: "true"}}
    pool = fleet.make(AKS, "ManagedClustersAgentPool", "disks", spec={"owner": {"name": "live"}}, metadata=marked)
    for user in (ADMINISTRATOR, FLUX, TENANT, CAPZ):
        assert "holds data, as its label says" in fleet.refused("delete", pool, by=user)
    assert "may neither approve" in fleet.annotate(pool, approval(), by=TENANT)
    assert "nor take that label off" in fleet.label(pool, {DATA: None}, by=TENANT)
    assert fleet.annotate(pool, approval(hours=-1), by=FLUX) == ""
    assert "has passed" in fleet.refused("delete", pool)
    assert fleet.annotate(pool, approval(), by=FLUX) == ""
    assert fleet.delete(pool) == ""


def test_losing_its_owner_costs_no_resource_group(fleet: Guarded) -> None:
    fleet.cluster.kubectl("-n", NAMESPACE, "create", "configmap", "owner")
    owned = {"ownerReferences": [fleet.reference("configmap/owner")]}
    group = fleet.make(RESOURCES, "ResourceGroup", "orphan", spec={"location": "northeurope"}, metadata=owned)
    pool = fleet.make(INFRASTRUCTURE, "AzureASOManagedMachinePool", "orphan", metadata=owned)
    assert fleet.delete("configmap/owner") == ""
    assert soon(lambda: not fleet.exists(pool), 30), "the garbage collector did not come"
    assert not soon(lambda: not fleet.exists(group), 3)


def test_a_namespace_stays_while_it_holds_a_cluster(fleet: Guarded, live: dict[str, str]) -> None:
    assert fleet.exists(live["Cluster"])
    for user in (ADMINISTRATOR, FLUX):
        assert "holds the " in fleet.refused("delete", f"namespace/{NAMESPACE}", by=user)
    assert fleet.delete("namespace/empty") == ""


def test_a_namespace_stays_while_it_holds_a_resource_group(fleet: Guarded) -> None:
    place = {"namespace": "azure-only"}
    fleet.make(RESOURCES, "ResourceGroup", "shared", spec={"location": "northeurope"}, metadata=place)
    assert "holds the ResourceGroup shared" in fleet.refused("delete", "namespace/azure-only")


def test_a_self_managed_cluster_is_guarded_too(fleet: Guarded) -> None:
    name = fleet.make(INFRASTRUCTURE, "AzureCluster", "own", spec={"location": "northeurope"})
    for user in (ADMINISTRATOR, FLUX, TENANT):
        assert "its deletion is not approved" in fleet.refused("delete", name, by=user)
    assert "may not approve" in fleet.annotate(name, approval(), by=TENANT)
    assert fleet.annotate(name, approval(), by=FLUX) == ""
    assert fleet.delete(name) == ""


def test_what_moves_to_another_management_cluster_may_leave(fleet: Guarded) -> None:
    made = fleet.chain("moving")
    for what in made.values():
        assert "may not approve" in fleet.annotate(what, {MOVED: ""}, by=TENANT)
    assert fleet.moved(made["Cluster"]) == ""
    assert "its deletion is not approved" in fleet.refused("delete", made["Cluster"]), "its controllers would act on it"
    fleet.pause(made["Cluster"])
    for kind in reversed(KINDS):
        assert fleet.moved(made[kind]) == ""
        assert fleet.delete(made[kind]) == ""
        _release(fleet, made[kind])


def test_azure_is_not_asked_to_delete_what_moves_away(fleet: Guarded) -> None:
    """clusterctl takes all annotations off before it deletes, the policy of Azure Service Operator among them."""
    pool = fleet.make(AKS, "ManagedClustersAgentPool", "moves", spec={"owner": {"name": "live"}})
    assert fleet.annotate(pool, {POLICY: "skip"}) == ""
    assert fleet.moved(pool) == ""
    assert fleet.get(pool)["metadata"]["annotations"] == {MOVED: "", POLICY: "detach-on-delete"}


def test_definitions_of_the_fleets_kinds_stay(fleet: Guarded) -> None:
    names = fleet.cluster.kubectl("get", "crd", "-o", "name").split()
    ours = [name for name in names if "toolkit.fluxcd.io" not in name]
    assert len(ours) >= 7
    for name in ours:
        assert "its deletion is not approved" in fleet.refused("delete", name, by=FLUX)


def test_an_approved_definition_and_a_foreign_one_can_be_deleted(fleet: Guarded) -> None:
    pools = "crd/managedclustersagentpools.containerservice.azure.com"
    assert fleet.annotate(pools, approval(), by=FLUX) == ""
    assert fleet.refused("delete", pools) == ""
    fleet.annotate(pools, {BY: None, UNTIL: None})
    foreign = yaml.safe_load((Path(__file__).parent / "foreign_definition.yaml").read_text())
    fleet.cluster.kubectl("create", "-f", "-", stdin=yaml.safe_dump(foreign))
    assert fleet.delete(f"crd/{foreign['metadata']['name']}") == ""


@pytest.mark.parametrize("value", ["detach-on-delte", "Skip", "skip "])
def test_a_mistyped_reconcile_policy_is_refused(fleet: Guarded, live: dict[str, str], value: str) -> None:
    assert "write manage, skip or detach-on-delete" in fleet.annotate(live["ResourceGroup"], {POLICY: value})


def test_what_azure_service_operator_knows_is_accepted(fleet: Guarded, live: dict[str, str]) -> None:
    for value in ("skip", "detach-on-delete", "manage"):
        assert fleet.annotate(live["ManagedCluster"], {POLICY: value}, by=CAPZ) == ""


def test_the_controllers_are_called_as_the_guards_say(tools: Toolchain) -> None:
    text = "".join(file.read_text() for file in guarded.POLICIES.glob("*.yaml"))
    for user, folder in ((CAPI, "cluster-api"), (CAPZ, "infrastructure-azure")):
        namespace, account = user.split(":")[2:]
        assert user in text
        for file in tools.releases.glob(f"{folder}/*/*-components.yaml"):
            accounts = [
                each["metadata"]
                for each in yaml.load_all(file.read_text(), yaml.CSafeLoader)
                if each and each["kind"] == "ServiceAccount"
            ]
            assert (namespace, account) in [(each["namespace"], each["name"]) for each in accounts]
    assert OWNED in text


def _empty() -> dict[str, object]:
    return {"infrastructureRef": {"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "Any", "name": "any"}}


def _release(fleet: Guarded, what: str) -> None:
    """Take the finalizers off, as the controllers do in the end."""
    fleet.cluster.kubectl("-n", NAMESPACE, "patch", what, "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
