"""The recipe of the local Azure's programs: what is pinned, what changes a cache key, what an image is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from local_azure.toolchain import prepare, recipe
from management_cluster import versions

SETTINGS = {"CGO_ENABLED": "0"}
GO = "go1.26.8 linux/amd64"


@pytest.fixture(name="all_of_it")
def _all_of_it() -> recipe.Recipe:
    return recipe.load()


def changed(whole: recipe.Recipe, name: str, **fields: object) -> recipe.Recipe:
    tools = [tool.model_copy(update=fields) if tool.name == name else tool for tool in whole.tool]
    return whole.model_copy(update={"tool": tools})


def used_modules(whole: recipe.Recipe) -> set[str]:
    return {tool.module for tool in whole.tool} | {document.module for document in whole.document}


def test_every_tool_and_document_is_pinned_by_a_module_with_checksums(all_of_it: recipe.Recipe) -> None:
    for folder in used_modules(all_of_it) - {"pause"}:  # which has no dependency
        assert (recipe.MODULES / folder / "go.mod").is_file()
        assert " h1:" in (recipe.MODULES / folder / "go.sum").read_text()


def test_no_module_folder_is_left_over(all_of_it: recipe.Recipe) -> None:
    assert used_modules(all_of_it) == {folder.name for folder in recipe.MODULES.iterdir()}


def test_the_version_that_a_tool_claims_is_the_one_its_module_requires(all_of_it: recipe.Recipe) -> None:
    # pause is ours; "flux" is a release of several controllers; a pseudo-version stands for the provider's tag; the
    # previous Kubernetes and Flux are the present ones under their names.
    others = {"pause", "flux", "pulumi-kubernetes", "kubernetes-previous", "flux-cli-previous"}
    for tool in (tool for tool in all_of_it.tool if tool.name not in others):
        for package in tool.programs.values():
            assert pinned(tool, package) == tool.version, tool.name


def test_the_previous_kubernetes_is_one_patch_older_and_else_the_same(all_of_it: recipe.Recipe) -> None:
    previous, present = (
        next(tool for tool in all_of_it.tool if tool.name == name) for name in ("kubernetes-previous", "kubernetes")
    )
    assert (previous.module, previous.stamp) == (present.module, present.stamp)
    *minor, patch = present.version.split(".")
    assert previous.version == ".".join([*minor, str(int(patch) - 1)])
    assert list(previous.programs) == [f"{previous.version}/kube"]


def test_what_sops_encrypts_is_decrypted_by_flux_in_the_same_version(all_of_it: recipe.Recipe) -> None:
    (encrypts,) = (tool for tool in all_of_it.tool if tool.name == "sops")
    (decrypts,) = (tool for tool in all_of_it.tool if tool.name == "flux")
    assert pinned(encrypts, "github.com/getsops/sops/v3") == pinned(decrypts, "github.com/getsops/sops/v3")


def test_pipelines_sign_in_with_the_same_kubelogin(all_of_it: recipe.Recipe) -> None:
    (kubelogin,) = (tool for tool in all_of_it.tool if tool.name == "kubelogin")
    assert kubelogin.version == versions.KUBELOGIN


def test_the_tag_of_an_image_is_the_version_that_its_programs_module_requires(all_of_it: recipe.Recipe) -> None:
    built_by = {program: (tool, package) for tool in all_of_it.tool for program, package in tool.programs.items()}
    previous = {(name, before) for name, (_, before) in prepare.FLUX_BEFORE.items()}
    for image in (image for image in all_of_it.image if image.program != "pause"):
        if (image.program, image.tag) not in previous:
            assert pinned(*built_by[image.program]) == image.tag, image.reference


def pinned(tool: recipe.Tool, package: str) -> str:
    """The version of the module that has the package; our own main packages are Kubernetes."""
    required = requirements(recipe.MODULES / tool.module / "go.mod")
    path = "k8s.io/kubernetes" if package == "." else package
    return required[max((module for module in required if path.startswith(module)), key=len)]


def requirements(go_mod: Path) -> dict[str, str]:
    words = [line.removeprefix("require ").split() for line in go_mod.read_text().splitlines()]
    return {word[0]: word[1] for word in words if len(word) >= 2 and word[1].startswith("v")}


def test_every_image_holds_a_program_that_is_built_and_no_two_share_a_name(all_of_it: recipe.Recipe) -> None:
    programs = [program for tool in all_of_it.tool for program in tool.programs]
    assert len(programs) == len(set(programs))
    assert {image.program for image in all_of_it.image} <= set(programs)
    assert len({image.stored for image in all_of_it.image}) == len(all_of_it.image)


def test_every_image_runs_as_a_numeric_user_that_is_not_root(all_of_it: recipe.Recipe) -> None:
    # runAsNonRoot without runAsUser, as Flux has it, needs a number.
    for image in all_of_it.image:
        assert image.user.split(":")[0].isdecimal()
        assert int(image.user.split(":")[0]) > 0


def test_the_programs_packed_into_images_cover_every_tool_for_images(all_of_it: recipe.Recipe) -> None:
    packed = {image.program for image in all_of_it.image}
    for tool in all_of_it.used("image"):
        assert set(tool.programs) <= packed


def test_every_preparation_exists(all_of_it: recipe.Recipe) -> None:
    assert {tool.prepare for tool in all_of_it.tool} - {None} == set(prepare.STEPS)


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    text = (recipe.HERE / "tools.toml").read_text()
    (tmp_path / "tools.toml").write_text(text.replace('use = "host"', 'use = "host"\nsurprise = 1', 1))
    with pytest.raises(ValidationError, match="surprise"):
        recipe.load(tmp_path / "tools.toml")


def test_a_key_changes_with_go_its_settings_and_the_tool_and_with_nothing_else(all_of_it: recipe.Recipe) -> None:
    before = recipe.tool_keys(all_of_it, SETTINGS, GO)
    assert recipe.tool_keys(all_of_it, SETTINGS, "go1.27.0 linux/amd64")["crane"] != before["crane"]
    assert recipe.tool_keys(all_of_it, {"CGO_ENABLED": "1"}, GO)["crane"] != before["crane"]
    assert recipe.tool_keys(changed(all_of_it, "crane", seconds=1, use="image"), SETTINGS, GO) == before
    stamped = recipe.tool_keys(changed(all_of_it, "crane", version="v9.9.9"), SETTINGS, GO)
    assert {name for name, key in stamped.items() if before[name] != key} == {"crane"}


def test_only_tools_made_from_documents_change_with_them(all_of_it: recipe.Recipe) -> None:
    before = recipe.tool_keys(all_of_it, SETTINGS, GO)
    fewer = all_of_it.model_copy(update={"document": all_of_it.document[1:]})
    after = recipe.tool_keys(fewer, SETTINGS, GO)
    assert {name for name, key in after.items() if before[name] != key} == {"flux-cli", "flux-cli-previous"}


def test_a_digest_tells_where_one_part_ends() -> None:
    assert recipe.digest(["ab", "c"]) != recipe.digest(["a", "bc"])
    assert recipe.digest(["ab", "c"]) == recipe.digest([b"ab", b"c"])


def test_the_linker_is_told_the_version_with_and_without_its_letter() -> None:
    tool = recipe.Tool(
        name="x",
        module="x",
        version="v1.2.3",
        use="host",
        seconds=1,
        programs={},
        stamp={"a.V": "{version}", "a.N": "{number}"},
    )
    assert tool.linker_flags() == "-s -w -X a.V=v1.2.3 -X a.N=1.2.3"


def test_an_image_is_stored_without_its_host_since_one_registry_answers_for_all() -> None:
    image = recipe.Image(repository="quay.io/jetstack/x", tag="v1", program="x", path="/x", user="1")
    assert image.reference == "quay.io/jetstack/x:v1"
    assert image.stored == "jetstack/x:v1"
