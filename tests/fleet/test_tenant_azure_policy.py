"""What policies/tenant-azure.yaml says of a team's objects, by the reference implementation of CEL.

A real API server is asked the same, and more, in tests/machine/test_5_tenants.py.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from tests.fleet.rendering import REPOSITORY, Object, readme_files

TEAM = "system:serviceaccount:shop-dev:team"
FILES = readme_files(REPOSITORY / "tenants/README.md")
ASKED = {
    f"{each['kind']}/{each['metadata']['name']}": each
    for text in FILES.values()
    for each in yaml.safe_load_all(text)
    if each and ".azure.com/" in each.get("apiVersion", "")
}
TRUST, IDENTITY = "FederatedIdentityCredential/shop-dev-orders-blue", "UserAssignedIdentity/shop-dev-orders"
EVIL = {"name": "shop-dev-orders-issuer", "key": "issuer", "value": "'https://evil.example.com'"}


def denials(wanted: Object) -> list[str]:
    """The messages of all validations that do not hold for an object that the team creates."""
    policy = next(yaml.safe_load_all((REPOSITORY / "policies/tenant-azure.yaml").read_text()))["spec"]
    limits = yaml.safe_load(FILES["environments/dev/tenants/shop/limits.yaml"])
    data: dict[str, Any] = {
        "object": wanted,
        "oldObject": None,
        "request": {"namespace": "shop-dev", "kind": {"kind": wanted["kind"]}, "userInfo": {"username": TEAM}},
        "params": {**limits, "data": {**limits["data"], "environment": "dev"}},
        "variables": {},
    }
    environment = cel.NewEnv(
        variables=dict.fromkeys(data, cel.Type.DYN),
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
    )

    def value(expression: str, given: Mapping[str, Any]) -> Any:
        found = environment.compile(expression).eval(data=given)
        assert found.type() != cel.Type.ERROR, f"{expression}: {found}"
        return found.plain_value()

    assert all(value(each["expression"], data) for each in policy["matchConditions"])
    for each in policy["variables"]:
        data["variables"] = {**data["variables"], each["name"]: value(each["expression"], data)}
    broken = [each for each in policy["validations"] if not value(each["expression"], data)]
    return [value(each["messageExpression"], data) for each in broken]


def changed(what: str, *path: str, to: Any) -> Object:
    """What the page shows, with the field at `path` set to another value."""
    other: Object = copy.deepcopy(ASKED[what])
    at = other
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = to
    return other


@pytest.mark.parametrize("what", ASKED)
def test_what_the_page_shows_is_admitted(what: str) -> None:
    assert denials(ASKED[what]) == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (changed(TRUST, "spec", "subject", to="system:serviceaccount:search:web"), "its subject begins with"),
        (
            changed(TRUST, "spec", "issuer", to="https://evil.example.com"),
            "its issuer is that of a cluster of the team",
        ),
        (changed(TRUST, "spec", to={"owner": {"name": "shop-dev-orders"}}), "its issuer is that of a cluster"),
        (changed(TRUST, "spec", "issuerFromConfig", "name", to="shop-identity"), "its issuer is that of a cluster"),
        (changed(TRUST, "spec", "issuerFromConfig", "name", to="others-blue-issuer"), "shop-dev-<cluster>-issuer"),
        (changed(TRUST, "spec", "issuerFromConfig", "key", to="other"), "its issuer is that of a cluster of the team"),
        # Or it would write the ConfigMap by which an issuer is trusted itself.
        (changed(IDENTITY, "spec", "operatorSpec", to={"configMapExpressions": [EVIL]}), "does not end with -issuer"),
        (changed(IDENTITY, "spec", "operatorSpec", "configMaps", "clientId", "name", to=EVIL["name"]), "not end with"),
    ],
)
def test_an_identity_trusts_what_the_teams_own_clusters_publish_and_nothing_else(wanted: Object, said: str) -> None:
    assert any(said in message for message in denials(wanted)), denials(wanted)
