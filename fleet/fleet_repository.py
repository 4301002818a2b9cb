"""The fleet repository as a resource, whose properties are the seed's files: preview shows which ones change.

What happens when
- the repository is empty: the seed becomes the first commit of main;
- main exists: only the branch `seed` goes forward, for people to merge; main is never touched again;
- the repository is neither empty nor ours: refused, in preview already;
- signatures are wanted from now on, and its newest commit has none that counts: refused, in preview already;
- `seed` was changed or deleted by hand: `pulumi refresh` sees it, the next `pulumi up` offers the seed again;
- the resource is deleted: nothing, the repository is the team's.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from external.command import ExternalError, require
from external.engine import hide_tracebacks_of_expected_errors, note
from fleet import git_access, seed, signatures
from infra.fleet_settings import FleetSettings

_WHERE = ("branch", *git_access.INPUTS)


class FleetRepository(Resource, module="slipway", name="FleetRepository"):
    """The repository Flux reads the fleet from.

    Attributes:
        url, branch: where Flux reads; known when there is something to read.
        commit: the head of the branch `seed`.
    """

    url: pulumi.Output[str]
    branch: pulumi.Output[str]
    commit: pulumi.Output[str]

    def __init__(self, resource_name: str, settings: FleetSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = {
            **git_access.inputs(settings),
            "branch": settings.fleet_branch,
            "signers": settings.signers,
            "files": seed.files(),
            "commit": None,
        }
        super().__init__(_Git(), resource_name, inputs, opts)


class _Git(ResourceProvider):
    """What Pulumi calls, in the dynamic provider's process."""

    serialize_as_secret_always = False

    def configure(self, req: object) -> None:
        hide_tracebacks_of_expected_errors()

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        failures = []
        if any(_olds.get(key) != news.get(key) for key in _WHERE):
            try:
                require("git", "https://git-scm.com/downloads")
                seed.survey(git_access.remote(news), news["branch"])
            except ExternalError as error:
                failures.append(CheckFailure("url", str(error)))
        if news["signers"] and news["signers"] != _olds.get("signers"):
            try:
                signatures.check(git_access.remote(news), news["branch"], news["signers"])
            except ExternalError as error:
                failures.append(CheckFailure("signers", str(error)))
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        changed = seed.changes(_olds.get("files") or {}, _news["files"])
        if changed:
            note(f"A new seed for the branch {seed.BRANCH}:\n  " + "\n  ".join(changed))
        others = (
            any(_olds.get(key) != _news.get(key) for key in _WHERE) or (_olds.get("signers") or {}) != _news["signers"]
        )
        return DiffResult(changes=bool(changed) or others)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("fleet", _offer(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_offer(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        found = seed.offered(git_access.remote(props))
        commit, files = found or ("", {})
        inputs = {key: props[key] for key in _WHERE if key in props} | {
            "files": files,
            "signers": props.get("signers") or {},
        }
        return ReadResult(id_, inputs | {"commit": commit}, inputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        note(f"The fleet repository {_props['url']} stays as it is.")


def _offer(props: dict[str, Any]) -> dict[str, Any]:
    commit = seed.offer(git_access.remote(props), props["branch"])
    return {key: props[key] for key in (*_WHERE, "files", "signers") if key in props} | {"commit": commit}
