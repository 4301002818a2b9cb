"""Teams: what `tenants/` and the environments say of them, and that only who may be there is put on a cluster."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fleet.validation.finding import Finding, Path
from fleet.validation.objects import Sources
from fleet.validation.source import Source

TENANTS: Final = "tenants"
RULE: Final = "tenant"
NAME: Final = re.compile(r"[a-z][a-z0-9]*")
RESERVED: Final = ("agent", "sync")
"""Names of a cluster's other Kustomizations: a team's is called <cluster>-<team>."""

COUNTS: Final = ("clusters", "pools", "nodes")
LISTS: Final = ("classes", "regions", "sizes", "tiers")


@dataclass(frozen=True)
class _Team:
    """tenants/<team>/tenant.yaml."""

    source: Source
    name: str
    data: Mapping[str, Any]

    @property
    def environments(self) -> list[str]:
        return _list(self.data.get("environments"))


def check(sources: Sources, environments: tuple[str, ...]) -> Iterator[Finding]:
    """All that is said of teams; paths that lead to none are told of as references."""
    teams = {team.name: team for team in _teams(sources)}
    for team in teams.values():
        yield from _team(team, environments)
    for file, source in sources.items():
        parts = PurePosixPath(file).parts
        if parts[0] != "environments" or len(parts) < 4:
            continue
        if parts[2] == TENANTS and parts[-1] == "limits.yaml":
            yield from _limits(source, parts[1], parts[-2], teams)
        elif parts[2] != TENANTS and PurePosixPath(file).stem == "kustomization":
            yield from _on_cluster(source, parts[1], teams)


def _teams(sources: Sources) -> Iterator[_Team]:
    for file, source in sources.items():
        parts = PurePosixPath(file).parts
        if parts[0] == TENANTS and len(parts) == 3 and parts[2] == "tenant.yaml":
            yield _Team(source, parts[1], _data(source))


def _team(team: _Team, environments: tuple[str, ...]) -> Iterator[Finding]:
    name, file = team.name, team.source
    if not NAME.fullmatch(name) or name in RESERVED:
        mend = f"Rename the directory: lower case letters and digits, a letter first, not {' or '.join(RESERVED)}"
        yield file.finding(0, ("data", "tenant"), RULE, "is no name of a team", mend, value=name)
    yield from _same(file, "tenant", team.data, name, f"the directory is called {name}")
    if not re.match(r"(https?|ssh)://", str(team.data.get("repository", ""))):
        mend = "Write the URL of the team's Git repository, such as https://git.example.com/shop/shop.git"
        value = team.data.get("repository")
        yield file.finding(0, ("data", "repository"), RULE, "is no URL of Git", mend, value=value)
    for each in team.environments or [""]:
        if each not in environments:
            message = f"there is no environment {each}" if each else "names no environment"
            mend = f"List some of {', '.join(environments)}"
            yield file.finding(0, ("data", "environments"), RULE, message, mend, value=each)


def _limits(source: Source, environment: str, name: str, teams: Mapping[str, _Team]) -> Iterator[Finding]:
    """environments/<environment>/tenants/<team>/limits.yaml."""
    team, data = teams.get(name), _data(source)
    yield from _allowed(source, ("data", "tenant"), name, environment, teams)
    yield from _same(source, "tenant", data, name, f"the directory is called {name}")
    if team:
        repository = str(team.data.get("repository"))
        yield from _same(source, "repository", data, repository, f"{team.source.file} has another")
    for key in COUNTS:
        if not re.fullmatch(r"\d{1,4}", str(data.get(key, ""))):
            mend = f'Write how many {key} there may be, as "3"'
            yield source.finding(0, ("data", key), RULE, f"{key} is no number", mend, value=data.get(key))
    for key in LISTS:
        if not _list(data.get(key)):
            mend = "List what is allowed, separated by commas"
            yield source.finding(0, ("data", key), RULE, f"{key} allows nothing", mend, value=data.get(key))


def _on_cluster(source: Source, environment: str, teams: Mapping[str, _Team]) -> Iterator[Finding]:
    """The components of a request that are teams."""
    document = source.documents[0] if source.documents else None
    components = document.get("components") if isinstance(document, dict) else None
    hydrated = False
    for number, each in enumerate(components if isinstance(components, list) else []):
        target = os.path.normpath(PurePosixPath(source.file).parent / str(each)).split("/")
        hydrated = hydrated or target[0] == "hydration"
        if target[0] == TENANTS and len(target) == 2 and target[1] in teams:
            yield from _allowed(source, ("components", number), target[1], environment, teams)
            if hydrated:
                mend = "Move it before hydration, which tells it what cluster it is on"
                yield source.finding(0, ("components", number), RULE, "comes too late", mend, value=target[1])


def _allowed(source: Source, path: Path, name: str, environment: str, teams: Mapping[str, _Team]) -> Iterator[Finding]:
    if name not in teams:
        mend = f"Add tenants/{name}/tenant.yaml, or name one of {', '.join(sorted(teams)) or '(there is none yet)'}"
        yield source.finding(0, path, RULE, f"there is no team {name}", mend, value=name)
    elif environment not in teams[name].environments:
        where = ", ".join(teams[name].environments) or "nowhere"
        message = f"team {name} is allowed in {where}, not in {environment}"
        mend = f"Remove it, or add {environment} to data.environments of {teams[name].source.file}"
        yield source.finding(0, path, RULE, message, mend, value=name)


def _same(source: Source, key: str, data: Mapping[str, Any], expected: str, why: str) -> Iterator[Finding]:
    if data.get(key) != expected:
        yield source.finding(0, ("data", key), RULE, why, f"Write {key}: {expected}", value=data.get(key))


def _data(source: Source) -> Mapping[str, Any]:
    document = source.documents[0] if source.documents else None
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, dict) else {}


def _list(value: object) -> list[str]:
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else []
