"""What of an object is not as Git has it: by its own fields, and by whom Kubernetes says that they belong to."""

from __future__ import annotations

from typing import Any

from fleet.plan.edits import edits

FLUX = "kustomize-controller"


def live(spec: dict[str, Any], **owners: dict[str, Any]) -> dict[str, Any]:
    """An object, and who owns which of its fields."""
    fields = [{"manager": name.replace("_", "-"), "fieldsV1": owned} for name, owned in owners.items()]
    return {"kind": "Cluster", "metadata": {"name": "shop", "managedFields": fields, "generation": 4}, "spec": spec}


def asked(**spec: Any) -> dict[str, Any]:
    """What a dry run of Flux's apply makes of it."""
    return {"kind": "Cluster", "metadata": {"name": "shop", "generation": 5}, "spec": spec}


def told(live: dict[str, Any] | None, asked: dict[str, Any]) -> list[tuple[str, str, str, str, bool]]:
    """The edits, without the object's name."""
    return [(each.field, each.live, each.asked, each.by, each.reverted) for each in edits("shop", live, asked, FLUX)]


def test_an_object_as_flux_left_it_has_none() -> None:
    assert told(live({"paused": True}, kustomize_controller={"f:spec": {"f:paused": {}}}), asked(paused=True)) == []


def test_a_field_of_git_that_a_person_changed_is_set_back() -> None:
    changed = live({"paused": True}, kubectl_edit={"f:spec": {"f:paused": {}}})
    assert told(changed, asked(paused=False)) == [("spec.paused", "true", "false", "kubectl-edit", True)]


def test_a_field_beside_git_that_a_person_set_stays() -> None:
    annotated = live({"note": "mine"}, kubectl_patch={"f:spec": {"f:note": {}}})
    assert told(annotated, asked(note="mine")) == [("spec.note", "mine", "nothing", "kubectl-patch", False)]


def test_what_a_controller_sets_is_no_edit() -> None:
    assert told(live({"host": "a"}, capi_manager={"f:spec": {"f:host": {}}}), asked(host="a")) == []


def test_an_item_of_a_list_is_named_by_its_number() -> None:
    pools = [{"name": "system", "replicas": 5}]
    by: dict[str, Any] = {"f:spec": {"f:pools": {'k:{"name":"system"}': {"f:replicas": {}}}}}
    assert told(live({"pools": pools}, kubectl_scale=by), asked(pools=[{"name": "system", "replicas": 1}])) == [
        ("spec.pools.0.replicas", "5", "1", "kubectl-scale", True)
    ]


def test_an_object_that_is_gone_is_made_again() -> None:
    assert told(None, asked()) == [("", "nothing", "is in Git", "", True)]
