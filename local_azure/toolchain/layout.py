"""Where each result of a recipe lies in the cache, by its key, and what of it is missing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_azure.instance import CACHE, PULUMI_HOME
from local_azure.machine import authority
from local_azure.toolchain import language_host
from local_azure.toolchain.go import BUILD_CACHE, SETTINGS, Go
from local_azure.toolchain.recipe import HERE, Image, Recipe, Tool, digest, documents_key, tool_keys

TOOLS = CACHE / "tools"
PLUGINS = PULUMI_HOME / "plugins"
IMAGE_KEYS = "images.json"
"""In a registry's folder: the key of every image in it, by reference."""

RENDERING = ("releases.py", "cluster_api.py", "azure_service_operator.py", "cert_manager.py")
PACKING = ("images.py", "oci.py", "registry_storage.py")
RENDERERS = ("kustomize", "helm", "flux-cli")


@dataclass(frozen=True)
class Layout:
    """The paths of one recipe's results; `keys` are those of its tools."""

    recipe: Recipe
    keys: dict[str, str]
    documents: Path
    language_host: Path
    bin: Path
    releases: Path
    registry: Path
    image_keys: dict[str, str]

    def tool(self, name: str) -> Path:
        """The folder of a tool's programs."""
        return TOOLS / f"{name}-{self.keys[name]}"

    def program(self, name: str) -> Path:
        """The built program `name`.

        Raises:
            KeyError: no tool has it.
        """
        for tool in self.recipe.tool:
            if name in tool.programs:
                return self.tool(tool.name) / "bin" / name
        raise KeyError(name)

    def plugin(self) -> Path:
        """The folder of the installed Kubernetes provider in our own Pulumi home."""
        version = next(tool.version for tool in self.recipe.tool if tool.name == "pulumi-kubernetes")
        return PLUGINS / f"resource-kubernetes-{version}"

    def kept(self) -> list[Path]:
        """Everything that is used after building."""
        tools = [self.tool(tool.name) for tool in self.recipe.used("host")]
        return [*tools, self.documents, self.language_host, self.bin, self.releases, self.registry]

    def complete(self) -> bool:
        """Whether all of that is there."""
        return all(path.exists() for path in [*self.kept(), self.plugin()])

    def touch(self) -> None:
        """Note that all of it is in use."""
        for path in self.kept():
            os.utime(path)

    def others(self) -> list[Path]:
        """What lies in the cache for other recipes than this one."""
        ours = {*self.kept(), *(self.tool(tool.name) for tool in self.recipe.tool)}
        there = [*TOOLS.iterdir(), *CACHE.glob("releases-*"), *CACHE.glob("registry-*")]
        return [path for path in there if path not in ours]

    def missing_tools(self) -> list[Tool]:
        """The tools to build, in order: what is used and not there, or needed to make what is not there."""
        needed = {tool.name for tool in self.recipe.used("host")}
        if not self.documents.exists():
            needed.add("controller-gen")
        if not self.releases.exists():
            needed |= set(RENDERERS)
        programs = {image.program for image in self.images_to_pack()} if not self.registry.exists() else set()
        needed |= {tool.name for tool in self.recipe.tool if programs & set(tool.programs)}
        return [tool for tool in self.recipe.tool if tool.name in needed and not self.tool(tool.name).exists()]

    def images_to_pack(self) -> list[Image]:
        """The images that no registry folder in the cache has."""
        return [image for image in self.recipe.image if self.packed_in(image) is None]

    def packed_in(self, image: Image) -> Path | None:
        """A registry folder that has exactly this image."""
        for folder in sorted(CACHE.glob("registry-*")):
            keys = folder / IMAGE_KEYS
            if keys.exists() and json.loads(keys.read_text()).get(image.stored) == self.image_keys[image.stored]:
                return folder
        return None

    def link_programs(self, target: Path) -> None:
        """Fill `target` with links to all programs for PATH, under all their names."""
        for tool in self.recipe.used("host"):
            # A provider is used from the Pulumi home; Pulumi would warn of one that it finds on PATH.
            for program in (name for name in tool.programs if not name.startswith("pulumi-resource-")):
                for name in [program, *tool.links.get(program, [])]:
                    (target / name).parent.mkdir(exist_ok=True)
                    # Not a symbolic link: Pulumi looks beside its own real path for its language host.
                    (target / name).hardlink_to(self.program(program))
        (target / language_host.PROGRAM).symlink_to(self.language_host / language_host.PROGRAM)
        for document in self.recipe.document:
            for file in document.executable:
                (target / Path(file).name).symlink_to(self.documents / document.name / file)


@contextmanager
def place(final: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `final` when all went well."""
    target = BUILD_CACHE / "work" / f"{final.name}.new"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    yield target
    final.parent.mkdir(parents=True, exist_ok=True)
    target.rename(final)


def lay_out(recipe: Recipe, go: Go) -> Layout:
    """Compute all keys. Reads the recipe's files and makes the certificate authority if there is none yet."""
    authority.ensure_ca()
    keys = tool_keys(recipe, SETTINGS, go.version)
    documents = documents_key(recipe, keys)
    host = [keys[tool.name] for tool in recipe.used("host")]
    python = language_host.key()
    releases = digest([documents, *(keys[name] for name in RENDERERS), *_code(RENDERING)])
    image_keys = _image_keys(recipe, keys, releases)
    return Layout(
        recipe=recipe,
        keys=keys,
        documents=TOOLS / f"documents-{documents}",
        language_host=TOOLS / f"{language_host.PROGRAM}-{python}",
        bin=TOOLS / f"bin-{digest([documents, python, *host])}",
        releases=CACHE / f"releases-{releases}",
        registry=CACHE / f"registry-{digest([releases, *image_keys.values()])}",
        image_keys=image_keys,
    )


def _image_keys(recipe: Recipe, keys: dict[str, str], releases: str) -> dict[str, str]:
    """An image is made of a program, our certificate authority, and the code that packs it."""
    built_by = {program: tool.name for tool in recipe.tool for program in tool.programs}
    shared = [authority.CERTIFICATE.read_bytes(), *_code(PACKING)]
    return {
        image.stored: digest(
            [image.model_dump_json(), keys[built_by[image.program]], releases if image.files else "", *shared]
        )
        for image in recipe.image
    }


def _code(names: tuple[str, ...]) -> list[bytes]:
    return [(HERE / name).read_bytes() for name in names]
