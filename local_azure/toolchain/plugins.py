"""Pulumi's Kubernetes provider, installed by Pulumi itself into a home of our own."""

from __future__ import annotations

import os

from local_azure.command import run
from local_azure.instance import PULUMI_HOME
from local_azure.toolchain.layout import Layout

PROGRAM = "pulumi-resource-kubernetes"


def install(layout: Layout) -> None:
    """Install the built provider, unless it is.

    Raises:
        LocalAzureError: Pulumi refuses it.
    """
    built, installed = layout.program(PROGRAM), layout.plugin() / PROGRAM
    if installed.exists() and installed.samefile(built):
        return
    PULUMI_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    version = layout.plugin().name.removeprefix("resource-kubernetes-")
    plugin = ["resource", "kubernetes", version, "--file", str(built.parent)]
    run(
        [layout.program("pulumi"), "plugin", "install", *plugin, "--reinstall"],
        env={"PULUMI_HOME": str(PULUMI_HOME), "PULUMI_SKIP_UPDATE_CHECK": "true", "PATH": os.environ["PATH"]},
    )
    # The same 300 MB once, not twice.
    linked = installed.with_suffix(".linked")
    linked.hardlink_to(built)
    linked.rename(installed)
