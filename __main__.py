"""Provision the management cluster, install Cluster API and Flux on it, hand the fleet over to Git."""

from fleet.fleet_repository import FleetRepository
from infra.adoption import adopt_if_asked
from infra.management_cluster import ManagementCluster
from infra.settings import Settings
from management_cluster.cluster_api_providers import ClusterApiProviders
from management_cluster.connection import Connection
from management_cluster.controller_policy import shape_controllers
from management_cluster.disruption_budgets import DisruptionBudgets
from management_cluster.flux import Flux
from management_cluster.hand_off import HandOff
from management_cluster.outputs import export
from management_cluster.running_images import RunningImages
from management_cluster.teardown_guard import TeardownGuard

settings = Settings.load()
adopt_if_asked(settings.azure.subscription_id)

management = ManagementCluster("management", settings.azure, settings.aks, settings.network)
connection = Connection("management", management.aks, identifier=settings.azure.name)
policy = shape_controllers(settings.controllers, connection)
providers = ClusterApiProviders(
    "providers", settings.providers, settings.controllers, kubeconfig=connection.kubeconfig, after=[policy]
)
flux = Flux("flux", settings, connection)
DisruptionBudgets("budgets", settings.controllers, connection, after=[providers, flux])
images = RunningImages("images", settings, kubeconfig=connection.kubeconfig, after=[providers, flux])
fleet = FleetRepository("fleet", settings.fleet)
hand_off = HandOff("hand-off", settings, management, fleet, connection, after=[management, providers, flux, fleet])
TeardownGuard("teardown-guard", settings, management, after=[management, providers, flux, fleet, hand_off])

export(settings, management, providers, images, fleet)
