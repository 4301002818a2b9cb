"""Images: a valid OCI layout, the same bytes for the same input, the right owner and trust inside."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from local_azure.toolchain import images, oci


def unpack(blob: oci.Blob) -> dict[str, tarfile.TarInfo]:
    tar = zstandard.ZstdDecompressor().decompress(blob.content, max_output_size=1 << 24)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: member for member in archive.getmembers()}


def test_a_layer_has_the_folders_above_its_files_once_and_first() -> None:
    members = unpack(oci.layer([oci.Entry("a/b/program", b"x"), oci.Entry("a/b/data", b"y", 0o644)]))
    assert list(members) == ["a", "a/b", "a/b/program", "a/b/data"]
    assert members["a"].isdir()
    assert members["a/b/program"].mode == 0o755
    assert members["a/b/data"].mode == 0o644


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}\.x", fullmatch=True), st.binary(), max_size=8))
def test_the_same_files_make_the_same_layer_whose_content_is_theirs(files: dict[str, bytes]) -> None:
    entries = [oci.Entry(path, content) for path, content in files.items()]
    first, second = oci.layer(entries), oci.layer(entries)
    assert first == second
    tar = zstandard.ZstdDecompressor().decompress(first.content, max_output_size=1 << 24)
    assert oci.sha256(tar) == first.diff_id
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        packed = {path: reader.read() for path in files if (reader := archive.extractfile(path)) is not None}
    assert packed == files


@pytest.fixture(name="layout")
def _layout(tmp_path: Path) -> Path:
    layers = [oci.layer(images.base_entries(b"authorities")), oci.layer([oci.Entry("manager", b"program")])]
    oci.write_layout(tmp_path / "image", layers, entrypoint="/manager", user="65532")
    return tmp_path / "image"


def blob(layout: Path, descriptor: dict[str, Any]) -> bytes:
    content: bytes = (layout / "blobs" / "sha256" / descriptor["digest"].removeprefix("sha256:")).read_bytes()
    assert oci.sha256(content) == descriptor["digest"]
    assert len(content) == descriptor["size"]
    return content


def test_every_blob_is_where_its_digest_says_and_the_configuration_is_as_given(layout: Path) -> None:
    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(blob(layout, index["manifests"][0]))
    assert len([blob(layout, descriptor) for descriptor in manifest["layers"]]) == 2
    configuration = json.loads(blob(layout, manifest["config"]))
    assert configuration["config"]["Entrypoint"] == ["/manager"]
    assert configuration["config"]["User"] == "65532"
    assert len(configuration["rootfs"]["diff_ids"]) == 2


def test_the_base_trusts_what_it_is_told_and_lets_everybody_write_temporary_files() -> None:
    members = unpack(oci.layer(images.base_entries(b"authorities")))
    assert members["etc/ssl/certs/ca-certificates.crt"].size == len(b"authorities")
    assert members["tmp"].mode == 0o1777
