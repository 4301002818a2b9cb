"""Installs and upgrades Cluster API providers by clusterctl's own commands; nothing is ever deleted here.

clusterctl finds releases through its ordinary configuration file (a mirror is set there):
https://cluster-api.sigs.k8s.io/clusterctl/configuration
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from external.command import CommandFailed, ExternalError, require, run, secret_file
from management_cluster import clusterctl_configuration
from management_cluster.cluster_access import ClusterAccess
from management_cluster.semver import newer, same_minor

SOURCE: Final = "https://cluster-api.sigs.k8s.io/user/quick-start#install-clusterctl"
FLAGS: Final = {
    "cluster-api": ("--core", "cluster-api"),
    "bootstrap-kubeadm": ("--bootstrap", "kubeadm"),
    "control-plane-kubeadm": ("--control-plane", "kubeadm"),
    "infrastructure-azure": ("--infrastructure", "azure"),
}
"""By name in clusterctl's inventory: the flag and the name on its command line."""

AZURE_KINDS: Final = ";".join(
    (
        "authorization.azure.com/*",
        "dbforpostgresql.azure.com/FlexibleServer",
        "dbforpostgresql.azure.com/FlexibleServersDatabase",
        "dbforpostgresql.azure.com/FlexibleServersFirewallRule",
        "keyvault.azure.com/Vault",
        "managedidentity.azure.com/*",
        "storage.azure.com/StorageAccount",
    )
)
"""What teams may have of Azure besides clusters and resource groups; each kind costs the API server memory.

Azure Service Operator installs them when the provider is installed or upgraded. https://capz.sigs.k8s.io/managed/aso"""

FEATURES: Final = {"CLUSTER_TOPOLOGY": "true", "EXP_MACHINE_POOL": "true", "ADDITIONAL_ASO_CRDS": AZURE_KINDS}
"""Variables of the providers' manifests: the fleet's classes are topologies, AKS's pools are machine pools."""

DRIFT_PERIOD: Final = "AZURE_SYNC_PERIOD"
"""The variable that says how often ASO compares a resource with Azure; its own default is an hour.
https://azure.github.io/azure-service-operator/guide/aso-controller-settings-options/"""

PROVIDER_TIMEOUT: Final = 600
"""Seconds that clusterctl waits for each provider to be ready."""

_WHOLE_TIMEOUT: Final = 1800.0


def check_client(cluster_api: str) -> None:
    """Check that there is a clusterctl that knows how to install a release of Cluster API.

    Raises:
        ExternalError: it is missing, older, or of another minor release.
    """
    require("clusterctl", SOURCE)
    client = run(["clusterctl", "version", "-o", "short"], env={"CLUSTERCTL_DISABLE_VERSIONCHECK": "true"}).strip()
    if not client.startswith("v") or not same_minor(client, cluster_api) or newer(cluster_api, client):
        raise ExternalError(
            f"clusterctl on the PATH is {client or 'of an unknown version'}, but Cluster API {cluster_api} is wanted: "
            f"install clusterctl {cluster_api} from {SOURCE}"
        )


def downgrades(installed: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """The providers that are newer than asked for, one sentence each."""
    return [
        f"{name} {installed[name]} is installed, older {version} is asked for"
        for name, version in wanted.items()
        if name in installed and newer(installed[name], version)
    ]


def upgrades(installed: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What has to change, such as "cluster-api v1.12.5 → v1.12.8"."""
    return [
        f"{name} {installed.get(name, '(missing)')} → {version}"
        for name, version in wanted.items()
        if installed.get(name) != version
    ]


@dataclass(frozen=True)
class Wanted:
    """What clusterctl has to install.

    Attributes:
        versions: by name in clusterctl's inventory.
        drift_period: how often ASO compares with Azure, e.g. "15m"; used where something is installed or upgraded.
        registry: where images come from; empty for where they are published. Used likewise.
    """

    versions: Mapping[str, str]
    drift_period: str
    registry: str


def converge(kubeconfig: str, wanted: Wanted, status: Callable[[str], None], *, anew: bool = False) -> dict[str, str]:
    """Install what is missing, upgrade what is older, wait until it is ready.

    Args:
        kubeconfig: administrator's credentials, YAML.
        status: is told what is awaited, and for how long.
        anew: install also what is there in the right version, which clusterctl does as an upgrade.

    Returns:
        The versions that are installed afterwards.

    Raises:
        ExternalError: the cluster does not answer, a provider is newer than asked for, or does not become ready; then
            with the pods that are not, and why.
    """
    cluster = ClusterAccess(kubeconfig)
    installed = cluster.installed_providers()
    if refused := downgrades(installed, wanted.versions):
        raise ExternalError("; ".join(refused) + ". clusterctl does not downgrade: raise the version that is asked for")
    missing = {name: version for name, version in wanted.versions.items() if name not in installed}
    others = {
        name: version
        for name, version in wanted.versions.items()
        if name in installed and (anew or installed[name] != version)
    }
    if missing:
        _clusterctl(["init"], missing, wanted, kubeconfig, cluster=cluster, status=status)
    if others:
        _clusterctl(["upgrade", "apply"], others, wanted, kubeconfig, cluster=cluster, status=status)
    return cluster.installed_providers() if missing or others else installed


def chosen(versions: Mapping[str, str]) -> list[str]:
    """The arguments that name providers and their versions."""
    return [word for name, version in versions.items() for word in (FLAGS[name][0], f"{FLAGS[name][1]}:{version}")]


def _clusterctl(
    verb: list[str],
    versions: Mapping[str, str],
    wanted: Wanted,
    kubeconfig: str,
    *,
    cluster: ClusterAccess,
    status: Callable[[str], None],
) -> None:
    waits = ["--wait-providers", "--wait-provider-timeout", str(PROVIDER_TIMEOUT)]

    def waiting(gone: float) -> None:
        pods = cluster.not_ready()
        status(f"clusterctl {' '.join(verb)}: {gone:.0f} s" + (f", waiting for {', '.join(pods)}" if pods else ""))

    with (
        secret_file(kubeconfig, "kubeconfig") as file,
        clusterctl_configuration.arguments(wanted.registry) as configuration,
    ):
        try:
            run(
                ["clusterctl", *verb, *chosen(versions), *waits, *configuration],
                env={**FEATURES, DRIFT_PERIOD: wanted.drift_period, "KUBECONFIG": str(file)},
                timeout=_WHOLE_TIMEOUT,
                waiting=waiting,
            )
        except CommandFailed as error:
            pods = "".join(f"\n    {line}" for line in cluster.not_ready())
            raise ExternalError(f"{error}" + (f"\n  Pods that are not ready:{pods}" if pods else "")) from None
