"""clusterctl's configuration file with a registry: the user's own is read, and left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from external.command import ExternalError
from management_cluster.clusterctl_configuration import arguments, with_registry

OWN = {"providers": [{"name": "azure", "url": "https://mirror.example.com/azure.yaml"}], "GITHUB_TOKEN": "hunter2"}


def joined(folder: Path, registry: str = "mirror.example.com") -> Any:
    """What clusterctl would read."""
    with arguments(registry, {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}) as (flag, file):
        assert flag == "--config"
        return yaml.safe_load(Path(file).read_text())


def write(folder: Path, name: str, text: str) -> Path:
    """The user's own file."""
    file = folder / "cluster-api" / name
    file.parent.mkdir()
    file.write_text(text)
    return file


def test_without_a_registry_clusterctl_is_left_to_itself() -> None:
    with arguments("") as none:
        assert none == []


def test_all_images_come_from_the_registry_by_the_paths_they_have_upstream(tmp_path: Path) -> None:
    assert joined(tmp_path)["images"] == {
        "cert-manager": {"repository": "mirror.example.com/jetstack"},
        "cluster-api": {"repository": "mirror.example.com/cluster-api"},
        "bootstrap-kubeadm": {"repository": "mirror.example.com/cluster-api"},
        "control-plane-kubeadm": {"repository": "mirror.example.com/cluster-api"},
        "infrastructure-azure/cluster-api-azure-controller": {"repository": "mirror.example.com/cluster-api-azure"},
        "infrastructure-azure/azureserviceoperator": {"repository": "mirror.example.com/k8s"},
    }


@pytest.mark.parametrize("name", ["clusterctl.yaml", "clusterctl.json"])
def test_what_the_users_file_says_holds_and_the_file_stays(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, name, yaml.safe_dump(OWN, default_flow_style=True, width=1000))
    before = file.read_bytes()
    assert joined(tmp_path) | {"images": None} == OWN | {"images": None}
    assert file.read_bytes() == before


def test_an_image_that_the_user_has_elsewhere_stays_there() -> None:
    own = {"images": {"cert-manager": {"repository": "other.example.com"}}}
    images = with_registry(own, "mirror.example.com")["images"]
    assert images["cert-manager"] == {"repository": "other.example.com"}
    assert images["cluster-api"] == {"repository": "mirror.example.com/cluster-api"}


def test_nothing_of_it_is_left_on_a_disk(tmp_path: Path) -> None:
    write(tmp_path, "clusterctl.yaml", yaml.safe_dump(OWN))
    with arguments("mirror.example.com", {"XDG_CONFIG_HOME": str(tmp_path)}) as (_, file):
        assert Path(file).stat().st_nlink == 0
    assert not Path(file).parent.exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("clusterctl.toml", "a = 1", "cannot be joined with slipway:imageRegistry: write it as YAML"),
        ("clusterctl.yaml", "a: [", "clusterctl's configuration, cannot be read"),
    ],
)
def test_a_file_that_cannot_be_joined_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = write(tmp_path, name, text)
    with pytest.raises(ExternalError) as raised:
        joined(tmp_path)
    assert str(raised.value).startswith(str(file))
    assert said in str(raised.value)
