"""Teams: two small directories each, everything else follows; none is active in the seed."""

from __future__ import annotations

import re

import yaml

from infra.fleet_roles import GRANTABLE
from tests.fleet.rendering import REPOSITORY, Fleet, readme_files


def test_the_seed_has_no_team(fleet: Fleet) -> None:
    for environment in ("dev", "staging", "production"):
        assert fleet.teams(environment) == []


def test_a_cluster_of_a_team_is_one_as_any_other(fleet: Fleet) -> None:
    fleet.team()
    fleet.request("shop-dev-blue")
    own, ordinary = fleet.of_team(), fleet.environment()
    theirs, ours = (each.one("Cluster", "shop-dev-blue") for each in (own, ordinary))
    assert theirs["metadata"].pop("namespace") == "shop-dev"
    assert ours["metadata"].pop("namespace") == "clusters"
    assert theirs == ours
    for part in ("agent", "sync"):
        kustomizations = [each.one("Kustomization", f"shop-dev-blue-{part}") for each in (own, ordinary)]
        assert kustomizations[0]["spec"] == kustomizations[1]["spec"]


def test_what_hydration_makes_is_what_the_forms_say(fleet: Fleet) -> None:
    fleet.team()
    forms, own = fleet.teams(), fleet.of_team()
    for part in ("agent", "sync", "shop"):
        form = forms.one("Kustomization", f"cluster-{part}")
        assert form["spec"].pop("suspend") is True
        made = own.one("Kustomization", f"shop-dev-blue-{part}")["spec"]
        for spec, cluster in ((form["spec"], "cluster"), (made, "shop-dev-blue")):
            assert spec.pop("kubeConfig") == {"secretRef": {"name": f"{cluster}-kubeconfig"}}
            for own_value in ("cluster_name", "region", "gpu"):
                spec.get("postBuild", {}).get("substitute", {}).pop(own_value, None)
        assert made == form["spec"]


def test_several_teams_are_on_one_cluster(fleet: Fleet) -> None:
    fleet.team()
    search = fleet.path / "tenants" / "search"
    search.mkdir()
    for path, text in readme_files(REPOSITORY / "tenants" / "README.md").items():
        if path.startswith("tenants/shop/"):
            (search / path.rpartition("/")[2]).write_text(text.replace("shop", "search"))
    directory = fleet.request("first", component="tenants/shop")
    kustomization = directory / "kustomization.yaml"
    kustomization.write_text(
        kustomization.read_text().replace("tenants/shop,", "tenants/shop, ../../../../tenants/search,")
    )
    assert {"Kustomization/first-shop", "Kustomization/first-search"} <= set(fleet.environment().names())
    assert not any(name.startswith("ConfigMap/") for name in fleet.environment().names())


def test_a_team_is_on_clusters_of_every_class(fleet: Fleet) -> None:
    fleet.team()
    fleet.request("straight", example="straight", component="tenants/shop")
    place = fleet.environment().one("Kustomization", "straight-shop")["spec"]
    assert place["kubeConfig"] == {"configMapRef": {"name": "straight-access"}}
    assert place["postBuild"]["substitute"]["cluster_name"] == "straight"
    assert place["postBuild"]["substitute"]["region"] == "northeurope"


def test_no_object_refers_to_another_namespace(fleet: Fleet) -> None:
    fleet.team()
    fleet.request("first", component="tenants/shop")
    rendered = [*fleet.environment(), *fleet.teams(), *fleet.of_team()]
    references = [each["spec"]["sourceRef"] for each in rendered if each["kind"] == "Kustomization"]
    assert references
    assert not any("namespace" in each for each in references)


def test_a_team_may_ask_for_the_roles_that_azure_lets_the_operator_grant() -> None:
    policy = next(yaml.safe_load_all((REPOSITORY / "policies" / "tenant-azure.yaml").read_text()))
    roles = next(each["expression"] for each in policy["spec"]["variables"] if each["name"] == "dataRoles")
    assert re.findall(r"[0-9a-f-]{36}", roles) == list(GRANTABLE.values())
