"""The schemas of all kinds: Kubernetes' from lightkube's models, Flux's and the providers' from their own commands.

Nothing of them is committed. `flux install --export` and `clusterctl generate provider` print the very manifests that
are installed, at the pinned versions (management_cluster/versions.py); what they define is kept in the user's cache by
these versions, one file a kind. `SLIPWAY_SCHEMAS` or --schemas names a folder of CRD manifests to take instead.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

from external.command import CommandFailed, ExternalError, require, run
from fleet.validation import kubernetes_schemas
from management_cluster import versions

PROVIDERS: Final = (
    ("--core", f"cluster-api:{versions.CLUSTER_API}"),
    ("--bootstrap", f"kubeadm:{versions.CLUSTER_API}"),
    ("--control-plane", f"kubeadm:{versions.CLUSTER_API}"),
    ("--infrastructure", f"azure:{versions.AZURE_PROVIDER}"),
)
FORMAT: Final = f"3 lightkube-models {metadata.version('lightkube-models')}"
"""Of the files in the cache."""

Schema = dict[str, Any]

_ANY: Final[dict[str, Any]] = {"type": "object"}


class Schemas:
    """The schemas in a folder of the cache, each read when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._validators: dict[tuple[str, str], Any] = {}
        self._schemas: dict[int, Schema] = {}

    @cached_property
    def plurals(self) -> dict[str, str]:
        """Kind and group, as "Cluster.cluster.x-k8s.io", to the name of its resource."""
        found: dict[str, str] = json.loads((self.folder / "plurals.json").read_text())
        return found

    def knows_group(self, api_version: str) -> bool:
        """Whether the kinds of a group are known, so that another is a mistake."""
        group = api_version.rpartition("/")[0]
        return any(each.partition(".")[2] == group for each in self.plurals) or kubernetes_schemas.has_group(group)

    def validator(self, api_version: str, kind: str) -> Any | None:
        """What checks an object of a kind; None where the kind is not known."""
        key = (api_version, kind)
        if key not in self._validators:
            schema = self._schema(api_version, kind)
            self._validators[key] = None if schema is None else jsonschema_rs.Draft202012Validator(schema)
            self._schemas[id(self._validators[key])] = schema or {}
        return self._validators[key]

    def kinds(self, api_version: str) -> list[str]:
        """The kinds of a group."""
        group = api_version.rpartition("/")[0]
        return [each.partition(".")[0] for each in self.plurals if each.partition(".")[2] == group]

    def fields(self, validator: Any, schema_path: list[str | int]) -> list[str]:
        """The fields that are known where an unknown one was found."""
        schema = root = self._schemas[id(validator)]
        for part in schema_path[:-1]:
            schema = schema[part]  # type: ignore[index]
            if isinstance(schema, str):
                schema = root["$defs"][schema.rpartition("/")[2]]
        return sorted(schema.get("properties", {}))

    def _schema(self, api_version: str, kind: str) -> Schema | None:
        file = self.folder / _name(api_version, kind)
        if file.is_file():
            kept: Schema = json.loads(file.read_text())
            return kept
        schema = kubernetes_schemas.schema(api_version, kind)
        if schema:  # to make it takes longer than to read it
            with suppress(OSError), tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as new:
                new.write(json.dumps(schema))
                Path(new.name).rename(file)
        return schema


def load(manifests: Path | None = None) -> Schemas:
    """The schemas of a folder of manifests, or those of the pinned versions.

    Raises:
        ExternalError: a command that prints them is missing or fails.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway" / "schemas"
    if manifests is None and os.environ.get("SLIPWAY_SCHEMAS"):
        manifests = Path(os.environ["SLIPWAY_SCHEMAS"])
    if manifests is not None:
        files = sorted([*manifests.rglob("*.yaml"), *manifests.rglob("*.yml")])
        if not files:
            raise ExternalError(f"{manifests} has no YAML files: name a folder of CRD manifests by --schemas")
        texts = [file.read_text() for file in files]
        folder = cache / sha256("\0".join([FORMAT, *texts]).encode()).hexdigest()[:16]
        return Schemas(_kept(folder, lambda: texts))
    require("flux", "https://fluxcd.io/flux/installation/#install-the-flux-cli")
    flux = run(["flux", "version", "--client"])
    folder = cache / sha256(repr((FORMAT, flux, PROVIDERS)).encode()).hexdigest()[:16]
    return Schemas(_kept(folder, _printed))


def _printed() -> list[str]:
    require("clusterctl", "https://cluster-api.sigs.k8s.io/user/quick-start#install-clusterctl")
    texts = [run(["flux", "install", "--export"])]
    for option, provider in PROVIDERS:
        try:
            texts.append(run(["clusterctl", "generate", "provider", option, provider, "--raw"]))
        except CommandFailed as error:
            raise ExternalError(
                f"the schemas of {provider} cannot be had, name a folder of CRDs by --schemas. {error}"
            ) from None
    return texts


def _kept(folder: Path, texts: Any) -> Path:
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            new = Path(place) / "new"
            new.mkdir()
            plurals: dict[str, str] = {}
            for text in texts():
                for crd in _crds(text):
                    names, group = crd["spec"]["names"], crd["spec"]["group"]
                    plurals[f"{names['kind']}.{group}"] = names["plural"]
                    for version in crd["spec"]["versions"]:
                        schema = strict(version["schema"]["openAPIV3Schema"], root=True)
                        (new / _name(f"{group}/{version['name']}", names["kind"])).write_text(json.dumps(schema))
            (new / "plurals.json").write_text(json.dumps(plurals))
            if not folder.is_dir():
                new.rename(folder)
    return folder


def _crds(text: str) -> Iterator[Schema]:
    for document in text.split("\n---"):
        if "kind: CustomResourceDefinition" in document:
            parsed = yaml.load(document.removeprefix("---"), yaml.CSafeLoader)
            if isinstance(parsed, dict) and parsed.get("kind") == "CustomResourceDefinition":
                yield parsed


def _name(api_version: str, kind: str) -> str:
    return f"{api_version.replace('/', '_')}_{kind}.json"


def strict(schema: Schema, *, root: bool = False) -> Schema:
    """A structural schema as JSON Schema in which unknown fields are mistakes.

    https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
    """
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    kept = {
        key: value
        for key, value in schema.items()
        if not key.startswith("x-") and key not in ("description", "default", "example", "nullable", "format", "title")
    }
    if "properties" in schema:
        kept["properties"] = {key: strict(value) for key, value in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        kept["items"] = strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = strict(schema["additionalProperties"])
    if root:
        described = kept.get("properties", {})
        kept["properties"] = {**described, "metadata": kubernetes_schemas.metadata(), "apiVersion": {}, "kind": {}}
        kept["properties"].pop("status", None)
        kept["properties"]["status"] = {}
    open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in kept and not open_:
        kept["additionalProperties"] = False
    if "type" in kept:
        kept["type"] = [kept["type"], "null"] if not root else kept["type"]
    if schema.get("nullable") and "enum" in kept:
        kept["enum"] = [*kept["enum"], None]
    return kept
