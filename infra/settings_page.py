"""docs/settings.md, from the models, Pulumi.yaml and the stacks' files: `python -m infra.settings_page FILE`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from infra.fleet_settings import FROM_ENVIRONMENT
from infra.setting_group import NAMESPACE, SettingGroup
from infra.settings import EXPIRES, GROUPS, PROFILE

PROJECT: Final = Path(__file__).parents[1]
PROFILES: Final = {"production": None, "sandbox": "Pulumi.dev.yaml", "local": "Pulumi.local.yaml"}
"""Each profile and the stack's file that is its example; production is having set nothing that has a default."""

OTHERS: Final = {
    "azure-native:subscriptionId": ("**required**", "Subscription (id) of the management cluster."),
    "azure-native:tenantId": ("**required**", "Entra tenant of that subscription."),
    PROFILE: (
        "none",
        "Which [rules of the program](policies.md) are relaxed: `sandbox`, `local`, or any file of "
        "`policies/program/profiles`. Production has none.",
    ),
    EXPIRES: (
        "none",
        "Date or time (UTC, where no zone is said) from which on the nightly job [destroys the "
        "stack](how-to/pull-requests.md#sandboxes-that-expire), such as 2026-12-24. Only with the profile `sandbox`.",
    ),
}
"""Default and description by key. Pulumi takes no schema for keys that are not in the project's namespace."""

HEAD: Final = """# Settings

Everything a stack may say in its `Pulumi.<stack>.yaml`, or by `pulumi config set KEY VALUE`. All of it is checked in
`pulumi preview`: each wrong value is named with its key, the rule it breaks and how to mend it, all of them at once.

This page is written by `make settings`; a test compares it with the models.

## Keys of other namespaces

{others}

## Profiles

What the stacks of this repository set although there is a default. Production sets none of it.

"""


def page() -> str:
    """The whole page, Markdown."""
    schema: dict[str, dict[str, Any]] = _yaml("Pulumi.yaml")
    parts = [HEAD.format(others="\n".join(_others())) + "\n".join(_profiles(schema))]
    parts += ["\n".join(_group(kind, schema)) for kind in GROUPS.values()]
    return "\n\n".join(parts) + "\n"


def _others() -> Iterator[str]:
    yield "| Key | Default | |"
    yield "|---|---|---|"
    for key, (default, description) in OTHERS.items():
        yield f"| `{key}` | {default} | {description} |"


def _profiles(schema: dict[str, dict[str, Any]]) -> Iterator[str]:
    stacks = {name: _yaml(file) if file else {} for name, file in PROFILES.items()}
    yield f"| Setting | {' | '.join(stacks)} |"
    yield "|---" * (len(stacks) + 1) + "|"
    for key, about in schema.items():
        full = f"{NAMESPACE}:{key}"
        if "default" in about and any(full in stack for stack in stacks.values()):
            values = [_code(stack.get(full, about["default"])) for stack in stacks.values()]
            yield f"| `{key}` | {' | '.join(values)} |"
    policies = ["all", *(f"[relaxed](policies.md#{stacks[name]['policy:profile']})" for name in list(stacks)[1:])]
    yield f"| [policies](policies.md) | {' | '.join(policies)} |"


def _group(kind: type[SettingGroup], schema: dict[str, dict[str, Any]]) -> Iterator[str]:
    title = (inspect.getdoc(kind) or "").splitlines()[0]
    yield f"## {title.rstrip('.')}\n"
    yield "| Setting | Default | |"
    yield "|---|---|---|"
    for field in kind.model_fields.values():
        namespace, _, key = (field.alias or "").partition(":")
        if namespace == NAMESPACE:
            default = _default(f"{NAMESPACE}:{key}", schema[key].get("default"), field.default)
            yield f"| `{NAMESPACE}:{key}` | {default} | {schema[key]['description']} |"


def _default(key: str, told: Any, used: Any) -> str:
    """What holds where a stack says nothing; Pulumi.yaml leaves empty what is written down elsewhere."""
    if told is None:
        return "**required**"
    if told == "" and key in FROM_ENVIRONMENT:
        return f"`{FROM_ENVIRONMENT[key]}`"
    return _code(used if told == "" and isinstance(used, str) else told)


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value) or "none"
    return f"`{value}`" if value not in ("", None, {}) else "none"


def _yaml(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))["config"]
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
