"""The provider as the Pulumi engine calls it: gRPC in, gRPC out, the work elsewhere.

https://github.com/pulumi/pulumi/blob/v3.231.0/proto/pulumi/provider.proto says what each call means.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, TypeVar

import grpc
import urllib3
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from local_azure.azure_native import VERSION, check, differences, names, translate
from local_azure.azure_native.arm import Arm, AzureError, Interrupted
from local_azure.azure_native.credentials import ConfigurationError, Credential, Settings, discover
from local_azure.azure_native.lifecycle import AlreadyExists, Lifecycle, State, Unfinished
from local_azure.azure_native.table import Resource, Table
from local_azure.azure_native.values import UNKNOWN, Secret, Value, from_struct, has_unknown, to_struct

CREATE_FIRST = "__createBeforeDelete"
"""An input of the real provider's own: the name is unique, so a replacement is created before what it replaces goes."""

CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
CLIENT_TOKEN = "azure-native:authorization:getClientToken"

Reply = TypeVar("Reply")
Call = Callable[["Provider", Any, grpc.ServicerContext], Reply]


def plainly(call: Call[Reply]) -> Call[Reply]:
    """Ends a call that fails with the one sentence that says why, as the engine shows it to the user."""

    @wraps(call)
    def guarded(self: Provider, request: Any, context: grpc.ServicerContext) -> Reply:
        try:
            return call(self, request, context)
        except Unfinished as error:
            _abort_unfinished(context, error)
        except (AzureError, ConfigurationError, AlreadyExists, ValueError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Interrupted as error:
            context.abort(grpc.StatusCode.CANCELLED, str(error))
        except KeyError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"missing required argument {error}")
        raise AssertionError("abort raises")

    return guarded


def _abort_unfinished(context: grpc.ServicerContext, error: Unfinished) -> NoReturn:
    """Tells the engine what exists nevertheless, so that the next update works on it instead of creating it again."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.state.id,
            properties=to_struct(error.state.outputs),
            reasons=[str(error)],
            inputs=to_struct(error.state.inputs),
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one engine; configured once, then called from many threads."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._settings: Settings | None = None
        self._arm: Arm | None = None
        self._credential: Credential | None = None
        self._lifecycle: Lifecycle | None = None

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
        settings = Settings.read(config)
        http = urllib3.PoolManager(maxsize=16)
        endpoints = discover(http, settings.metadata_host)
        self._settings = settings
        self._credential = Credential(http, endpoints, settings)
        self._arm = Arm(http, endpoints.resource_manager, self._credential)
        self._lifecycle = Lifecycle(self._table, self._arm, settings.subscription)
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    def Cancel(self, _request: Any, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        if self._arm is not None:
            self._arm.stopped.set()
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
        if self._settings is not None and self._settings.location:
            return self._settings.location
        group = inputs.get("resourceGroupName", "")
        if group is UNKNOWN:
            return UNKNOWN
        return self._configured().location_of_group(group) if group else ""

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
        state = self._configured().create(resource, inputs, request.timeout)
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
        state = self._configured().update(resource, inputs, request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(state.outputs))

    @plainly
    def Read(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        resource = self._resource(request.urn)
        state: State | None = self._configured().read(
            resource, request.id, from_struct(request.inputs), from_struct(request.properties)
        )
        if state is None:
            return provider_pb2.ReadResponse(id="")
        return provider_pb2.ReadResponse(
            id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
        )

    @plainly
    def Delete(self, request: Any, _context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._configured().delete(self._resource(request.urn), request.id, request.timeout)
        return empty_pb2.Empty()

    @plainly
    def Invoke(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        arguments = from_struct(request.args)
        if has_unknown(arguments):
            return _returning({})
        lifecycle = self._configured()
        if request.tok == CLIENT_CONFIG:
            return _returning(self._client_config())
        if request.tok == CLIENT_TOKEN and self._credential is not None:
            return _returning({"token": Secret(self._credential.token(arguments.get("endpoint", "")))})
        function = self._table.functions.get(request.tok)
        if function is None:
            raise ValueError(f"the stand-in azure-native provider does not have the function {request.tok}{ADD_A_ROW}")
        return _returning(lifecycle.call(function, arguments))

    def _client_config(self) -> dict[str, Value]:
        assert self._credential is not None and self._settings is not None
        claims = self._credential.claims()
        return {
            "clientId": claims.get("appid", self._settings.client),
            "objectId": claims.get("oid", ""),
            "subscriptionId": self._settings.subscription,
            "tenantId": claims.get("tid", self._settings.tenant),
        }

    def _resource(self, urn: str) -> Resource:
        token = urn.split("::")[2].rpartition("$")[2]
        if token not in self._table.resources:
            raise ValueError(f"the stand-in azure-native provider does not have the resource {token}{ADD_A_ROW}")
        return self._table.resources[token]

    def _configured(self) -> Lifecycle:
        if self._lifecycle is None:
            raise ConfigurationError("the engine has not configured the provider")
        return self._lifecycle


ADD_A_ROW = "; it is a row in local_azure/azure_native/catalogue.py"


def _returning(result: dict[str, Value]) -> provider_pb2.InvokeResponse:
    return provider_pb2.InvokeResponse(**{"return": to_struct(result)})


def _property_diff(it: differences.Difference) -> provider_pb2.PropertyDiff:
    suffix = "_REPLACE" if it.replaces else ""
    kind = provider_pb2.PropertyDiff.Kind.Value(it.change.name + suffix)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
