"""Microsoft's own clients against the running simulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from local_azure import instance
from tests.conformance.running import Running


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One simulator for all tests; each works in a resource group of its own."""
    running = Running(tmp_path_factory.mktemp("azure"), instance.CACHE)
    yield running
    running.stop()


@pytest.fixture
def no_faults(azure: Running) -> Iterator[Running]:
    """The simulator, with faults and settings as before when the test ends."""
    yield azure
    azure.http.delete("/_local/faults")
    azure.set(durations={}, federated_credential_seconds=0.05, crowd="")


@pytest.fixture
def resources(azure: Running) -> Any:
    return azure.client(ResourceManagementClient)


@pytest.fixture
def network(azure: Running) -> Any:
    return azure.client(NetworkManagementClient)


@pytest.fixture
def compute(azure: Running) -> Any:
    return azure.client(ComputeManagementClient)


@pytest.fixture
def identities(azure: Running) -> Any:
    return azure.client(ManagedServiceIdentityClient)


@pytest.fixture
def roles(azure: Running) -> Any:
    return azure.client(AuthorizationManagementClient)


@pytest.fixture
def aks(azure: Running) -> Any:
    return azure.client(ContainerServiceClient)


@pytest.fixture
def group(resources: Any, request: pytest.FixtureRequest) -> str:
    """The name of a fresh resource group."""
    name = re.sub(r"[^-\w]+", "-", f"rg-{request.node.name}")[:85].rstrip("-")
    resources.resource_groups.create_or_update(name, {"location": "northeurope"})
    return name
