"""ARM resource IDs: parsed from a request's path, compared without regard to case.

Structure: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

from dataclasses import dataclass

RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"
KEYWORDS = {word.lower(): word for word in ("subscriptions", "resourceGroups", "providers")}
"""Words of an ID that ARM always shows in its own spelling."""


@dataclass(frozen=True)
class ResourceId:
    """A resource, or a collection of resources when `names` is one shorter than `types`."""

    text: str
    scope: str
    """What an extension resource hangs on, or the resource group or subscription of an ordinary one."""
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def key(self) -> str:
        """The ID as it is compared and stored: lower case."""
        return self.text.lower()

    @property
    def type(self) -> str:
        """Such as `Microsoft.Network/virtualNetworks/subnets`."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """The last name, or an empty text for a collection."""
        return "" if self.is_collection else self.names[-1]

    @property
    def is_collection(self) -> bool:
        """Whether this names all resources of a type below a scope or parent."""
        return len(self.names) < len(self.types)

    @property
    def parent(self) -> ResourceId | None:
        """The resource this is a child of, for nested types."""
        if len(self.types) < 2:
            return None
        cut = 1 if self.is_collection else 2
        text = self.text.rsplit("/", cut)[0]
        return ResourceId(text, self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1])

    @property
    def subscription(self) -> str:
        """The subscription's ID, or an empty text."""
        return _after(self.text, "subscriptions")

    @property
    def resource_group(self) -> str:
        """The resource group's name, or an empty text."""
        return _after(self.text, "resourcegroups")

    @property
    def resource_group_id(self) -> str:
        """The ID of the resource group that holds this, or an empty text."""
        parts = self.text.split("/")
        return "/".join(parts[:5]) if self.resource_group else ""

    def child(self, kind: str, name: str) -> ResourceId:
        """The child resource `name` of type `kind`."""
        return ResourceId(
            f"{self.text}/{kind}/{name}", self.scope, self.namespace, (*self.types, kind), (*self.names, name)
        )


def parse(path: str) -> ResourceId | None:
    """The resource or collection a path names; None when it is neither.

    `path` is decoded and has no query.
    """
    parts = [KEYWORDS.get(part.lower(), part) for part in path.strip("/").split("/")]
    text = "/" + "/".join(parts)
    lowered = [part.lower() for part in parts]
    if "providers" in lowered:
        at = len(lowered) - 1 - lowered[::-1].index("providers")
        rest = parts[at + 1 :]
        if len(rest) < 2 or not all(rest):
            return None
        scope = "/" + "/".join(parts[:at]) if at else "/"
        return ResourceId(text, scope, rest[0], tuple(rest[1::2]), tuple(rest[2::2]))
    if lowered[:1] != ["subscriptions"] or not all(parts):
        return None
    if len(parts) in (3, 4) and lowered[2] == "resourcegroups":
        scope = "/" + "/".join(parts[:2])
        return ResourceId(text, scope, "Microsoft.Resources", ("resourceGroups",), tuple(parts[3:]))
    if len(parts) in (1, 2):
        return ResourceId(text, "/", "Microsoft.Resources", ("subscriptions",), tuple(parts[1:]))
    return None


def resource(text: str) -> ResourceId:
    """The resource `text` names. Raises ValueError when it is no resource ID."""
    found = parse(text)
    if found is None or found.is_collection:
        raise ValueError(f"{text!r} is not a resource ID")
    return found


def _after(text: str, word: str) -> str:
    parts = text.split("/")
    for index, part in enumerate(parts[:-1]):
        if part.lower() == word:
            return parts[index + 1]
    return ""
