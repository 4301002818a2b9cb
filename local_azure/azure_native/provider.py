"""The provider as the Pulumi engine calls it: gRPC in, gRPC out, the work elsewhere.

https://github.com/pulumi/pulumi/blob/v3.231.0/proto/pulumi/provider.proto says what each call means.
"""

from __future__ import annotations

import json
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local_azure.azure_native import VERSION, check, differences, names, translate
from local_azure.azure_native.credentials import ConfigurationError
from local_azure.azure_native.lifecycle import State
from local_azure.azure_native.refusals import plainly
from local_azure.azure_native.session import Session
from local_azure.azure_native.table import Resource, Table
from local_azure.azure_native.values import UNKNOWN, Secret, Value, from_struct, has_unknown, to_struct

CREATE_FIRST = "__createBeforeDelete"
"""An input of the real provider's own: the name is unique, so a replacement is created before what it replaces goes."""

CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
CLIENT_TOKEN = "azure-native:authorization:getClientToken"


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one engine; configured once, then called from many threads."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._configured: Session | None = None

    # What the engine asks about the plugin.

    def GetPluginInfo(self, _request: Any, _context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, _request: Any, _context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:
        """Only that there is a package: the SDK is Pulumi's own and needs no schema from here."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "azure-native", "version": VERSION}))

    def CheckConfig(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, _request: Any, _context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @plainly
    def Configure(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:
        config = {key.rpartition(":")[2]: value for key, value in request.variables.items()}
        self._configured = Session.open(self._table, config)
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    def Cancel(self, _request: Any, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        if self._configured is not None:
            self._configured.arm.stopped.set()
        return empty_pb2.Empty()

    # What the engine asks about a resource.

    @plainly
    def Check(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        resource = self._resource(request.urn)
        inputs, before = from_struct(request.news), from_struct(request.olds)
        self._name(resource, request, inputs, before)
        if "location" in self._table.type(resource.body) and "location" not in inputs:
            location = before.get("location") or self._default_location(inputs)
            if location:
                inputs["location"] = location
        inputs.setdefault("azureApiVersion", resource.api_version)
        failures = [provider_pb2.CheckFailure(reason=why) for why in check.failures(self._table, resource, inputs)]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def _name(self, resource: Resource, request: Any, inputs: dict[str, Value], before: dict[str, Value]) -> None:
        key = resource.name_parameter
        if key in inputs:
            return
        if key in before:
            inputs[key] = before[key]
            if CREATE_FIRST in before:
                inputs[CREATE_FIRST] = before[CREATE_FIRST]
            return
        wish = None
        if request.HasField("autonaming"):
            wish = names.Wish(names.Mode(request.autonaming.mode), request.autonaming.proposed_name)
        chosen = names.choose(resource, request.urn.rpartition("::")[2], request.randomSeed, wish)
        if chosen is not None:
            inputs[key], unique = chosen
            if unique:
                inputs[CREATE_FIRST] = True

    def _default_location(self, inputs: dict[str, Value]) -> Value:
        """The stack's, else the resource group's."""
        if self._session.settings.location:
            return self._session.settings.location
        group = inputs.get("resourceGroupName", "")
        if group is UNKNOWN:
            return UNKNOWN
        return self._session.lifecycle.location_of_group(group) if group else ""

    @plainly
    def Diff(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        resource = self._resource(request.urn)
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        found = differences.differences(resource, old, new, from_struct(request.olds))
        replaces = [it.path for it in found if it.replaces]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({it.path.partition(".")[0].partition("[")[0] for it in found}),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and not old.get(CREATE_FIRST, False),
            detailedDiff={it.path: _property_diff(it) for it in found},
            hasDetailedDiff=True,
        )

    @plainly
    def Create(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        resource, inputs = self._resource(request.urn), from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(translate.preview(self._table, resource, inputs)))
        state = self._session.lifecycle.create(resource, inputs, request.timeout)
        return provider_pb2.CreateResponse(id=state.id, properties=to_struct(state.outputs))

    @plainly
    def Update(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        resource, inputs = self._resource(request.urn), from_struct(request.news)
        if request.preview:
            expected = translate.preview(self._table, resource, inputs)
            # These two never change in place, so what depends on them can be previewed.
            before = from_struct(request.olds)
            expected |= {name: before[name] for name in ("name", "location") if name in before}
            return provider_pb2.UpdateResponse(properties=to_struct(expected))
        state = self._session.lifecycle.update(resource, inputs, request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(state.outputs))

    @plainly
    def Read(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        resource = self._resource(request.urn)
        state: State | None = self._session.lifecycle.read(
            resource, request.id, from_struct(request.inputs), from_struct(request.properties)
        )
        if state is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
        )

    @plainly
    def Delete(self, request: Any, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._session.lifecycle.delete(self._resource(request.urn), request.id, request.timeout)
        return empty_pb2.Empty()

    @plainly
    def Invoke(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        arguments = from_struct(request.args)
        if has_unknown(arguments):
            return _returning({})
        if request.tok == CLIENT_CONFIG:
            return _returning(self._session.client_config())
        if request.tok == CLIENT_TOKEN:
            return _returning({"token": Secret(self._session.credential.token(arguments.get("endpoint", "")))})
        function = self._table.functions.get(request.tok)
        if function is None:
            raise ValueError(f"the stand-in azure-native provider does not have the function {request.tok}{ADD_A_ROW}")
        return _returning(self._session.lifecycle.call(function, arguments))

    def _resource(self, urn: str) -> Resource:
        token = urn.split("::")[2].rpartition("$")[2]
        if token not in self._table.resources:
            raise ValueError(f"the stand-in azure-native provider does not have the resource {token}{ADD_A_ROW}")
        return self._table.resources[token]

    @property
    def _session(self) -> Session:
        if self._configured is None:
            raise ConfigurationError("the engine has not configured the provider")
        return self._configured


ADD_A_ROW = "; it is a row in local_azure/azure_native/catalogue.py"


def _returning(result: dict[str, Value]) -> provider_pb2.InvokeResponse:
    return provider_pb2.InvokeResponse(**{"return": to_struct(result)})


def _property_diff(it: differences.Difference) -> provider_pb2.PropertyDiff:
    suffix = "_REPLACE" if it.replaces else ""
    kind = provider_pb2.PropertyDiff.Kind.Value(it.change.name + suffix)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
