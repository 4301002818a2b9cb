"""Whose it is, and where its images come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.program.rule import MANAGED_CLUSTER, Finding, Resource, Rule

TAGGED = (
    MANAGED_CLUSTER,
    "azure-native:resources:ResourceGroup",
    "azure-native:network:VirtualNetwork",
    "azure-native:managedidentity:UserAssignedIdentity",
)
REQUIRED_TAGS = ("managed-by", "stack")
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "Pod")
DOCKER_HUB = "docker.io"


def _tags(resources: Sequence[Resource], configuration: Mapping[str, Any]) -> Iterator[Finding]:
    required = list(configuration.get("tags") or REQUIRED_TAGS)
    for each in resources:
        there = each.at("tags", {})
        if missing := [name for name in required if not there.get(name)]:
            yield Finding(each.urn, f"has no tag {', '.join(missing)}")


def _mirror(resources: Sequence[Resource], configuration: Mapping[str, Any]) -> Iterator[Finding]:
    mirror = configuration.get("mirror")
    for each in resources:
        if not mirror or not each.kind.startswith("kubernetes:") or each.kind.rpartition(":")[2] not in WORKLOADS:
            continue
        for image in _images(each.properties):
            first, slash, _ = image.partition("/")
            host = first if slash and ("." in first or ":" in first) else DOCKER_HUB
            if host != mirror:
                yield Finding(each.urn, f"pulls {image} from {host}, not from {mirror}")


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name in value:
            if name == "image" and isinstance(value[name], str):
                yield value[name]
            else:
                yield from _images(value[name])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _images(each)


RULES = (
    Rule(
        id="tags",
        says="What can have tags has those that say whose it is.",
        severity="medium",
        reason="Bills, clean-ups and the people on call find out from tags what a thing is for.",
        mend="Give it tags where the program creates it.",
        source="https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-tagging",
        check=_tags,
        of=TAGGED,
        settings={"tags": {"type": "array", "items": {"type": "string"}}},
    ),
    Rule(
        id="images-from-mirror",
        says="Where a mirror is set, every image comes from it.",
        severity="high",
        reason="What is not mirrored is not scanned, and stops the cluster when its registry is away or limits pulls.",
        mend="Name the image by the mirror's address.",
        source="https://learn.microsoft.com/azure/aks/operator-best-practices-container-image-management",
        check=_mirror,
        settings={"mirror": {"type": "string"}},
    ),
)
