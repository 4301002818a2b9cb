"""The generated table fits the SDK that programs are written in."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import _types

from local_azure.azure_native.catalogue import RESOURCE_ROWS
from local_azure.azure_native.generate import sdk_module
from local_azure.azure_native.table import Table

NEWER = {"SubnetArgs.serviceGateway"}
"""Inputs that Pulumi's SDK, which joins all API versions, has from a later version than the type's own."""

TOKENS = [row.token for row in RESOURCE_ROWS]


def input_class(token: str) -> type:
    """`SubnetInitArgs` of Pulumi's SDK for `azure-native:network:Subnet`; the others need no `Init`."""
    module = importlib.import_module(".".join(("pulumi_azure_native", *sdk_module(token))))
    name = token.rpartition(":")[2]
    found: type = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return found


def nested_classes(annotation: Any) -> Iterator[type]:
    """The argument classes an annotation mentions."""
    if inspect.isclass(annotation) and _types.is_input_type(annotation):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from nested_classes(inner)


def missing(table: Table, given: type, type_name: str, extra: set[str], seen: set[tuple[str, str]]) -> Iterator[str]:
    """Inputs of an SDK class, and of all classes below it, that the table does not have."""
    if (given.__name__, type_name) in seen:
        return
    seen.add((given.__name__, type_name))
    properties = table.type(type_name)
    for name, annotation in _types.input_type_types(given).items():
        if name in extra:
            continue
        entry = properties.get(name)
        if entry is None:
            yield f"{given.__name__}.{name}"
        elif entry.object_type and not entry.string_set:
            for nested in nested_classes(annotation):
                yield from missing(table, nested, entry.object_type, set(), seen)


@pytest.mark.parametrize("token", TOKENS)
def test_every_input_of_the_sdk_is_in_the_table(table: Table, token: str) -> None:
    resource = table.resources[token]
    parameters = {parameter.name for parameter in resource.parameters}
    assert set(missing(table, input_class(token), resource.body, parameters, set())) <= NEWER


@pytest.mark.parametrize("token", TOKENS)
def test_every_path_parameter_is_an_input_of_the_sdk(table: Table, token: str) -> None:
    inputs = _types.input_type_types(input_class(token))
    assert {parameter.name for parameter in table.resources[token].parameters} <= set(inputs)


@pytest.mark.parametrize("row", RESOURCE_ROWS, ids=TOKENS)
def test_what_replaces_or_belongs_to_others_is_a_property_of_the_type(table: Table, row: Any) -> None:
    resource = table.resources[row.token]
    for path in (*row.create_only, *row.children):
        type_name = resource.body
        for name in path.split("."):
            entry = table.type(type_name).get(name)
            assert entry is not None or name in {parameter.name for parameter in resource.parameters}, path
            type_name = entry.object_type if entry else ""


def test_api_versions_are_those_the_sdk_documents(table: Table) -> None:
    versions = {token.rpartition(":")[2]: resource.api_version for token, resource in table.resources.items()}
    assert versions["ManagedCluster"] == "2025-09-01"
    assert versions["ResourceGroup"] == "2024-03-01"
    assert versions["RoleDefinition"] == "2022-05-01-preview"


def test_limits_of_names_are_known(table: Table) -> None:
    pool = table.resources["azure-native:containerservice:AgentPool"]
    assert [parameter.name for parameter in pool.parameters] == ["resourceGroupName", "resourceName", "agentPoolName"]
    assert pool.parameters[-1].limits.max_length == 12


def test_every_resource_can_be_read_by_a_function(table: Table) -> None:
    subnet = table.functions["azure-native:network:getSubnet"]
    assert (subnet.method, subnet.path) == ("GET", table.resources["azure-native:network:Subnet"].path)


def test_an_object_that_only_azure_fills_in_is_read_only(table: Table) -> None:
    group = table.type(table.resources["azure-native:resources:ResourceGroup"].body)
    assert group["properties"].readonly


def test_a_map_whose_keys_alone_can_be_written_is_a_list_of_strings(table: Table) -> None:
    cluster = table.type(table.resources["azure-native:containerservice:ManagedCluster"].body)
    assert table.type(cluster["identity"].object_type)["userAssignedIdentities"].string_set
