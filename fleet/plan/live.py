"""What the management cluster itself says of a plan: what it would refuse, and what somebody changed there by hand.

Everything is asked as Flux would ask, by a server-side dry run as kustomize-controller and its field manager, so that
admission policies and webhooks decide as they will after the merge. Nothing is written. Whoever asks needs the right to
impersonate that service account, and so is as mighty as Flux. Secrets are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from external.command import CommandFailed, ExternalError, require, run
from fleet.plan.edits import Edit, edits
from fleet.rendering import PLACEHOLDERS, Item
from fleet.rendering.flux import OWNER
from fleet.rendering.values import Values

MANAGER: Final = "kustomize-controller"
"""https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources"""

FLUX: Final = f"system:serviceaccount:flux-system:{MANAGER}"
AT_ONCE: Final = 4
_NOT_YET: Final = re.compile(r'namespaces "([^"]+)" not found|no matches for kind "([^"]+)"')
_NOISE: Final = re.compile(r'^Error from server( \(\w+\))?: |error when \w+ "[^"]*": |^error: ')

Object = dict[str, Any]


@dataclass(frozen=True)
class Denial:
    """What the cluster would refuse, and its words."""

    what: str
    why: str


@dataclass(frozen=True)
class Live:
    """What the management cluster says.

    Attributes:
        denials: changes that it would refuse.
        edits: what differs from the base, in the directories that change.
        untried: objects whose namespace or kind comes with the same merge.
    """

    denials: tuple[Denial, ...] = ()
    edits: tuple[Edit, ...] = ()
    untried: tuple[str, ...] = ()


@dataclass(frozen=True)
class ManagementCluster:
    """The cluster that a kubeconfig and context name; None for kubectl's own choice."""

    kubeconfig: Path | None = None
    context: str | None = None

    def values(self) -> Values:
        """What the program wrote there for the fleet to substitute.

        Raises:
            ExternalError: it does not answer, or has no such ConfigMap; there is no kubectl.
        """
        require("kubectl", "https://kubernetes.io/docs/tasks/tools/")
        try:
            found = json.loads(self._kubectl("get", "configmap", "runtime-info", "-n", "flux-system", "-o", "json"))
        except CommandFailed as error:
            why = _said(error)
            raise ExternalError(
                f"the management cluster cannot be asked for its ConfigMap runtime-info: {why}; "
                "choose it by --context, or plan without --live"
            ) from None
        return {**PLACEHOLDERS, "runtime-info": found["data"]}

    def ask(self, before: Iterable[Item], after: Iterable[Item]) -> Live:
        """Try what changes between two sides, and compare what is there with the first."""
        old, new = _by_key(before), _by_key(after)
        changed = [item for key, item in new.items() if key not in old or old[key].object != item.object]
        gone = [item for key, item in old.items() if key not in new and not _kept(item.object)]
        touched = {item.directory for item in (*changed, *gone)}
        there = [item for item in old.values() if item.directory in touched]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = [*pool.map(self._try, changed), *pool.map(self._try_removal, gone)]
            found = list(pool.map(self._edits, there))
        denied = [answer for answer in answers if answer]
        coming = {each.object["metadata"]["name"] for each in changed} | {each.object["kind"] for each in changed}
        untried = [each for each in denied if (late := _NOT_YET.search(each.why)) and set(late.groups()) & coming]
        return Live(
            tuple(each for each in denied if each not in untried),
            tuple(each for some in found for each in some),
            tuple(each.what for each in untried),
        )

    def _try(self, item: Item) -> Denial | None:
        try:
            self._apply(item)
        except CommandFailed as error:
            return Denial(_name(item.object), _said(error))
        return None

    def _try_removal(self, item: Item) -> Denial | None:
        try:
            self._kubectl("delete", "--dry-run=server", f"--as={FLUX}", "--ignore-not-found", *_reference(item.object))
        except CommandFailed as error:
            return Denial(f"removing {_name(item.object)}", _said(error))
        return None

    def _edits(self, item: Item) -> Iterator[Edit]:
        """What of an object differs from what the base asks for."""
        try:
            live = self._kubectl(
                "get", *_reference(item.object), "--ignore-not-found", "--show-managed-fields", "-o", "json"
            )
            asked = self._apply(item)
        except CommandFailed:  # told as a denial, if it is one
            return iter(())
        return edits(_name(item.object), json.loads(live) if live.strip() else None, asked, MANAGER)

    def _apply(self, item: Item) -> Object:
        """The object as Flux would make it, defaults filled in."""
        metadata = item.object["metadata"]
        labels = {
            **(metadata.get("labels") or {}),
            f"{OWNER}name": item.kustomization,
            f"{OWNER}namespace": "flux-system",
        }
        document = {**item.object, "metadata": {**metadata, "labels": labels}}
        flags = ["--server-side", "--dry-run=server", "--force-conflicts", f"--field-manager={MANAGER}", f"--as={FLUX}"]
        made: Object = json.loads(
            self._kubectl("apply", *flags, "-o", "json", "-f", "-", stdin=json.dumps(document).encode())
        )
        return made

    def _kubectl(self, *words: str, stdin: bytes | None = None) -> str:
        where = [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        where += [f"--context={self.context}"] if self.context else []
        return run(["kubectl", *where, *words], stdin=stdin, timeout=60)


def _by_key(items: Iterable[Item]) -> Mapping[tuple[str, str, str, str], Item]:
    return {item.key: item for item in items if item.object["kind"] != "Secret"}


def _kept(document: Object) -> bool:
    """Whether Flux leaves an object alone that is no longer in Git."""
    return (document["metadata"].get("annotations") or {}).get(f"{OWNER}prune") == "disabled"


def _reference(document: Object) -> list[str]:
    group, _, version = document["apiVersion"].rpartition("/")
    kind = f"{document['kind']}.{version}.{group}" if group else document["kind"]
    namespace = document["metadata"].get("namespace")
    return [kind, document["metadata"]["name"], *(["-n", namespace] if namespace else [])]


def _name(document: Object) -> str:
    namespace = document["metadata"].get("namespace")
    return f"{document['kind']} {namespace + '/' if namespace else ''}{document['metadata']['name']}"


def _said(error: CommandFailed) -> str:
    lines = [_NOISE.sub("", _NOISE.sub("", line)) for line in error.output.strip().splitlines() if line]
    return " ".join(lines) or "it says nothing"
