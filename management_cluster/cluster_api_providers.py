"""The Cluster API providers as one resource, whose properties are the versions, and how their controllers run.

What happens when
- they are not there: `clusterctl init` installs cert-manager and what is missing, and waits until it is ready;
- they are older: `clusterctl upgrade apply` with exactly these versions, which migrates CRDs as upstream does;
- they are newer: refused, there is no way back for CRDs;
- the controllers' size, replicas or registry change: they are rolled out anew, with the same versions;
- somebody changed them by hand: `pulumi refresh` sees it, the next `pulumi up` mends it;
- the cluster is empty: `pulumi refresh` forgets them, the next `pulumi up` installs them; likewise on another cluster;
- the cluster does not answer, or refuses: `pulumi refresh` says so and keeps what the state has;
- the resource is deleted: nothing. Deleting a provider's CRDs would delete the fleet; they go with the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.rpc import UNKNOWN

from external.command import ExternalError
from external.engine import hide_tracebacks_of_expected_errors, note, status
from infra.controller_settings import ControllerSettings
from infra.settings import ProviderSettings
from management_cluster.cluster_access import ClusterAccess
from management_cluster.clusterctl import Wanted, check_client, converge, downgrades, upgrades
from management_cluster.controllers import by_clusterctl, wanted
from management_cluster.running_controllers import RunningControllers, differences

RECORDED = ("versions", "drift_period", "controllers", "kubeconfig")
"""What the state has of the inputs, beside the registry."""


def inventory(settings: ProviderSettings) -> dict[str, str]:
    """The versions asked for, by name in clusterctl's inventory."""
    return {
        "cluster-api": settings.cluster_api_version,
        "bootstrap-kubeadm": settings.cluster_api_version,
        "control-plane-kubeadm": settings.cluster_api_version,
        "infrastructure-azure": settings.azure_provider_version,
    }


class ClusterApiProviders(Resource, module="slipway", name="ClusterApiProviders"):
    """cert-manager and the Cluster API providers, installed by clusterctl.

    Attributes:
        versions: what is installed, by name in clusterctl's inventory.
        controllers: how each of them runs, by "namespace/name".
        cert_manager: version of the cert-manager that clusterctl brought; empty when it found one.
    """

    versions: pulumi.Output[dict[str, str]]
    controllers: pulumi.Output[dict[str, dict[str, str]]]
    cert_manager: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        settings: ProviderSettings,
        controllers: ControllerSettings,
        *,
        kubeconfig: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "versions": inventory(settings),
            "drift_period": settings.drift_period,
            "registry": controllers.image_registry or "",
            "controllers": wanted(by_clusterctl(controllers)),
            "kubeconfig": kubeconfig,
            "cert_manager": None,
        }
        own = pulumi.ResourceOptions(depends_on=list(after))
        super().__init__(_Clusterctl(), resource_name, inputs, pulumi.ResourceOptions.merge(opts, own))


class _Clusterctl(ResourceProvider):
    """What Pulumi calls, in the dynamic provider's process."""

    serialize_as_secret_always = False

    def configure(self, req: object) -> None:
        hide_tracebacks_of_expected_errors()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        before, wanted = _olds.get("versions") or {}, news["versions"]
        failures = [
            CheckFailure("versions", f"{line}; clusterctl does not downgrade") for line in downgrades(before, wanted)
        ]
        if before != wanted:
            try:
                check_client(wanted["cluster-api"])
            except ExternalError as error:
                failures.append(CheckFailure("versions", str(error)))
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        # A new kubeconfig is only recorded (see update), so that refresh goes on working; one that is not known yet
        # is that of a cluster which is being changed, and most likely the same.
        kubeconfig = _news["kubeconfig"]
        renewed = kubeconfig not in (UNKNOWN, _olds.get("kubeconfig"))
        if not renewed and kubeconfig != UNKNOWN:
            _check_not_emptied(kubeconfig)
        steps = [*upgrades(_olds.get("versions") or {}, _news["versions"]), *_changes(_olds, _news)]
        if steps:
            note("Cluster API providers: " + ", ".join(steps))
        return DiffResult(changes=renewed or bool(steps))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("clusterctl", _converge(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_converge(_news, anew=_registry(_olds) != _registry(_news)))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        before = {"registry": _registry(props), **{key: props.get(key) for key in RECORDED}}
        try:
            cluster = ClusterAccess(props["kubeconfig"])
            installed = cluster.installed_providers()
            controllers = RunningControllers(props["kubeconfig"]).effects(props.get("controllers") or {})
            cert_manager = cluster.cert_manager_version()
        except ExternalError as error:
            note(f"The Cluster API providers are not compared: {error}")
            return ReadResult(id_, props, before)
        if not installed:
            return ReadResult("", {})
        versions = {name: installed[name] for name in props["versions"] if name in installed}
        inputs = {**before, "versions": versions, "controllers": controllers}
        return ReadResult(id_, {**inputs, "cert_manager": cert_manager}, inputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        note("The Cluster API providers stay in the management cluster, and end with it.")


def _check_not_emptied(kubeconfig: str) -> None:
    """Check that what the state tells of the cluster is not all gone: without a refresh, nothing would come back.

    Raises:
        ExternalError: the cluster answers, and never saw a provider.
    """
    try:
        installed = ClusterAccess(kubeconfig).installed_providers()
    except ExternalError:
        return  # a preview needs no reachable cluster
    if not installed:
        raise ExternalError(
            "the management cluster is empty, though the stack's state says that it was set up: "
            "`pulumi up --refresh` looks at what is there, and sets it up again"
        )


def _changes(olds: dict[str, Any], news: dict[str, Any]) -> Iterator[str]:
    """What changes of how the controllers run."""
    before = olds.get("controllers") or {}
    for key, asked in news["controllers"].items():
        if changes := differences(before.get(key) or {}, asked):
            yield f"{key}: {', '.join(changes)}"
    if _registry(olds) != _registry(news):
        yield f"images from {_registry(news) or 'where they are published'}"


def _registry(props: dict[str, Any]) -> str:
    return str(props.get("registry") or "")


def _converge(props: dict[str, Any], *, anew: bool = False) -> dict[str, Any]:
    asked = Wanted(props["versions"], props["drift_period"], _registry(props))
    installed = converge(props["kubeconfig"], asked, status, anew=anew)
    RunningControllers(props["kubeconfig"]).settle(props["controllers"], status)
    return {
        "versions": {name: installed[name] for name in props["versions"]},
        "drift_period": props["drift_period"],
        "registry": _registry(props),
        "controllers": props["controllers"],
        "kubeconfig": props["kubeconfig"],
        "cert_manager": ClusterAccess(props["kubeconfig"]).cert_manager_version(),
    }
