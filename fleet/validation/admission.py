"""The fleet's own ValidatingAdmissionPolicies on what Flux would create, by the reference implementation of CEL.

Only what a policy says of a new object can be known here: DELETE, parameters and earlier objects are the cluster's.
https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from fleet.rendering import Item
from fleet.validation.finding import Finding
from fleet.validation.objects import Sources, locate
from fleet.validation.schemas import Schemas

FLUX: Final = "system:serviceaccount:flux-system:kustomize-controller"
_DYN, _TEXT, _BOOL = cel.Type.DYN, cel.Type.STRING, cel.Type.BOOL

Object = dict[str, Any]


class Undecidable(Exception):
    """A policy asks for what only a cluster knows."""


class EvaluationError(Exception):
    """An expression that has no value, such as of a field that is not there."""


AUTHORIZER: Final = "the rights of who asks"


def check(items: list[Item], sources: Sources, schemas: Schemas) -> tuple[list[Finding], list[str]]:
    """What is denied, and the names of policies that cannot be evaluated without a cluster."""
    environment = _environment()
    bound = {
        item.object["spec"]["policyName"]: item.object["spec"].get("matchResources", {}).get("namespaceSelector", {})
        for item in items
        if item.object["kind"] == "ValidatingAdmissionPolicyBinding"
        and "Deny" in item.object["spec"].get("validationActions", [])
    }
    namespaces = {item.object["metadata"]["name"]: item.object for item in items if item.object["kind"] == "Namespace"}
    found: list[Finding] = []
    undecided: list[str] = []
    for each in items:
        name = each.object["metadata"]["name"]
        if each.object["kind"] != "ValidatingAdmissionPolicy" or name not in bound or not _creates(each.object):
            continue
        try:
            policy = _Policy(each.object, environment)
            for item in items:
                namespace = namespaces.get(item.key[2], {"metadata": {"name": item.key[2]}})
                if _selects(bound[name], namespace):
                    found += _denied(policy, item, namespace, sources, schemas)
        except (Undecidable, EvaluationError, RuntimeError, ValueError, TypeError):
            undecided.append(name)
    return found, undecided


def _denied(policy: _Policy, item: Item, namespace: Object, sources: Sources, schemas: Schemas) -> Iterator[Finding]:
    group, kind, _, _ = item.key
    plural = schemas.plurals.get(f"{kind}.{group}", f"{kind.lower()}s")
    if not policy.matches(group, plural):
        return
    for message in policy.denials(item.object, namespace, _request(item, plural)):
        mend = f"The policy {policy.name} would deny it: see policies/"
        place = locate(item, ("metadata", "name"), sources)
        yield place.finding("admission", message, mend, value=item.object["metadata"]["name"])


class _Policy:
    def __init__(self, policy: Object, environment: cel.Env) -> None:
        spec = policy["spec"]
        if "paramKind" in spec:
            raise Undecidable
        self.name: str = policy["metadata"]["name"]
        self._rules = spec.get("matchConstraints", {}).get("resourceRules", [])
        self._conditions = [environment.compile(each["expression"]) for each in spec.get("matchConditions") or []]
        self._variables = [
            (each["name"], environment.compile(each["expression"])) for each in spec.get("variables") or []
        ]
        self._validations = [
            (
                environment.compile(each["expression"]),
                environment.compile(each["messageExpression"]) if "messageExpression" in each else None,
                each.get("message", f"failed expression: {each['expression']}"),
            )
            for each in spec["validations"]
        ]

    def matches(self, group: str, plural: str) -> bool:
        return any(
            {"*", group} & set(rule["apiGroups"])
            and {"*", plural} & set(rule["resources"])
            and {"*", "CREATE"} & set(rule["operations"])
            for rule in self._rules
        )

    def denials(self, object_: Object, namespace: Object, request: Object) -> Iterator[str]:
        data: Object = {
            "object": object_,
            "oldObject": None,
            "request": request,
            "variables": {},
            "authorizer": AUTHORIZER,
            "params": None,
            "namespaceObject": namespace,
        }
        if not all(_value(each, data) for each in self._conditions):
            return
        for name, expression in self._variables:
            with suppress(EvaluationError):  # it is one of whoever needs it, as on a cluster
                data = {**data, "variables": {**data["variables"], name: _value(expression, data)}}
        for expression, said, otherwise in self._validations:
            try:
                if _value(expression, data) is not True:
                    yield str(_value(said, data)) if said else otherwise
            except EvaluationError as error:  # which denies, too
                yield f"{otherwise}: {error}"


def _selects(selector: Object, namespace: Object) -> bool:
    """Whether a namespace has the labels; one that the fleet does not make has none.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements
    """
    labels = namespace["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], each.get("values") or []
        fulfilled = {
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
        }
        if not fulfilled[each["operator"]]:
            return False
    return True


def _creates(policy: Object) -> bool:
    rules = policy["spec"].get("matchConstraints", {}).get("resourceRules", [])
    return any({"*", "CREATE"} & set(rule["operations"]) for rule in rules)


def _request(item: Item, plural: str) -> Object:
    group, kind, namespace, name = item.key
    version = item.object["apiVersion"].rpartition("/")[2]
    return {
        "operation": "CREATE",
        "name": name,
        "namespace": namespace,
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": plural},
        "userInfo": {"username": FLUX, "groups": ["system:serviceaccounts", "system:authenticated"]},
        "dryRun": False,
    }


def _environment() -> cel.Env:
    """What policies may name. Flux applies the fleet as cluster-admin, so an authorizer allows."""
    names = ("object", "oldObject", "request", "params", "variables", "namespaceObject")

    def member(name: str, arguments: int, returns: cel.Type, result: Any) -> cel.FunctionDecl:
        parameters = [_TEXT] * (1 + arguments)
        overload = cel.Overload(f"authorizer_{name}", returns, parameters, True, lambda *_: result)
        return cel.FunctionDecl(name, [overload])

    # The library finds no function of a value of any type, so that what is asked of an authorizer is a text here.
    functions = [member(name, 1, _TEXT, AUTHORIZER) for name in ("group", "resource", "check", "namespace", "name")]
    return cel.NewEnv(
        variables={**dict.fromkeys(names, _DYN), "authorizer": _TEXT},
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
        functions=[*functions, member("allowed", 0, _BOOL, True)],
    )


def _value(expression: cel.Expression, data: Object) -> Any:
    value = expression.eval(data=data)
    if value.type() == cel.Type.UNKNOWN:
        raise Undecidable
    if value.type() == cel.Type.ERROR:
        raise EvaluationError(str(value))
    return value.plain_value()
