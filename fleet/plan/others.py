"""What changes beside clusters: releases and settings, tenants, classes, policies, and what agents apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fleet.plan.azure import Fleet, flat
from fleet.rendering import Item

EFFECTS: Final = {
    "agent_version": "every cluster gets this version of its Flux agent",
    "workloads_ref": "the agents pull this from Git",
}
"""What a value of release.yaml does beside what is seen on the clusters themselves."""

ON_CLUSTERS: Final = ("workloads", "hydration/sync")
"""Folders that workload clusters get."""

PROPERTIES: Final = 4
"""Differences of one object that are named."""


@dataclass(frozen=True)
class Other:
    """One object or value that differs.

    Attributes:
        where: the part of the repository it belongs to, such as tenants/shop.
        what: the object or value.
        how: created, removed, or what of it changes.
        grave: it gives rights or takes a guard away, so somebody has to look.
    """

    where: str
    what: str
    how: str
    grave: bool = False


def find(before: Fleet, after: Fleet, files: list[str]) -> tuple[Other, ...]:
    """All that differs, in the order of the repository's folders.

    Args:
        files: paths that differ below `ON_CLUSTERS`.
    """
    found = [*_values(before, after), *_objects(before.others, after.others), *_on_clusters(files)]
    return tuple(sorted(set(found), key=lambda each: (each.where, each.what)))


def _values(before: Fleet, after: Fleet) -> Iterator[Other]:
    for environment, files in after.values.items():
        for file, new in files.items():
            old = before.values.get(environment, {}).get(file, {})
            for key in sorted({*old, *new}):
                if old.get(key) != new.get(key):
                    effect = f": {EFFECTS[key]}" if key in EFFECTS else ""
                    how = f"{old.get(key, 'none')} → {new.get(key, 'none')}{effect}"
                    yield Other(f"environments/{environment}", key, how)


def _objects(before: Mapping[str, Item], after: Mapping[str, Item]) -> Iterator[Other]:
    for identity in sorted({*before, *after}):
        old, new = before.get(identity), after.get(identity)
        item = new or old
        assert item
        if (old and _own(old)) == (new and _own(new)) or _told_elsewhere(item):
            continue
        if old is None or new is None:
            meaning = _meaning(item.object, created=old is None)
            how = ("created" if old is None else "removed") + meaning
            yield Other(_where(item), identity, how, grave=bool(meaning))
        else:
            yield Other(_where(item), identity, _differences(_own(old), _own(new)))


def _where(item: Item) -> str:
    """The team's directory, of what a team has; else the folder that the file is in."""
    is_a_teams = item.directory.startswith("environments/") and item.directory.count("/") > 2
    return item.directory if is_a_teams else "/".join(item.file.split("/")[:2])


def _meaning(document: Mapping[str, Any], *, created: bool) -> str:
    """Who may do what by a binding that comes, and what a guard that goes no longer refuses."""
    if created and document["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        subjects = document.get("subjects") or ()
        names = ("/".join(filter(None, (each.get("namespace"), each["name"]))) for each in subjects)
        return f": {document['roleRef']['name']} for {', '.join(names)}"
    if not created and document["kind"].startswith(("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")):
        return ": nobody refuses then what it refuses"
    return ""


def _own(item: Item) -> Mapping[str, Any]:
    """The object; of a wave's Kustomization without the release, which is told by value."""
    if item.file != "management/wave/clusters.yaml":
        return item.object
    spec = item.object["spec"]
    own = {key: value for key, value in spec.items() if key != "components"}
    return {**item.object, "spec": {**own, "postBuild": {**spec["postBuild"], "substitute": {}}}}


def _told_elsewhere(item: Item) -> bool:
    """Settings and releases are told by value, and the agent's source follows from them."""
    path, kind = item.file.split("/"), item.object["kind"]
    if kind == "ConfigMap" and path[0] == "environments":
        return path[-1] in ("release.yaml", "settings.yaml")
    return kind == "OCIRepository" and path[0] == "management"


def _on_clusters(files: list[str]) -> Iterator[Other]:
    for folder, count in sorted(Counter("/".join(each.split("/")[:2]) for each in files).items()):
        noun = "file changes" if count == 1 else "files change"
        yield Other(folder, "on workload clusters", f"{count} {noun}; the agents apply it")


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if new["kind"] == "Secret":
        return "changed"
    before, after = flat(old), flat(new)
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    shown = [f"{name.removeprefix('spec.')} {_short(before.get(name))} → {_short(after.get(name))}" for name in names]
    more = [f"{len(names) - PROPERTIES} more"] if len(names) > PROPERTIES else []
    return "; ".join([*shown[:PROPERTIES], *more])


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return "…" if len(text) > 40 or "\n" in text else text
