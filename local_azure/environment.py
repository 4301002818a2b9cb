"""The environment in which the ordinary commands (pulumi, clusterctl, flux, kubectl, git) meet the local Azure.

Everything that differs from Azure is here and in Pulumi.local.yaml: endpoints, trust and credentials. A person gets
it by `. /var/lib/slipway/env`.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from local_azure import git_server
from local_azure.instance import (
    HOST,
    OPERATOR_CLIENT_ID,
    PULUMI_HOME,
    SIMULATOR,
    STATE,
    SUBSCRIPTION_ID,
    TENANT_ID,
)
from local_azure.machine import azure_dns
from local_azure.toolchain import Toolchain

FILE = STATE / "env"
KUBECONFIG = STATE / "kubeconfig"
CA_BUNDLE = STATE / "ca-bundle.crt"
PULUMI_STATE = STATE / "pulumi"
COMMANDS = STATE / "bin"
"""Commands that have to know where they are; in front of the tools on PATH."""


def variables(tools: Toolchain) -> dict[str, str]:
    """The environment variables, without the Git password."""
    return {
        "PATH": os.pathsep.join([*_folders(tools), os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": sys.prefix,
        "KUBECONFIG": str(KUBECONFIG),
        # Pulumi: a home and a state of its own. All that the empty passphrase could protect lies beside the state,
        # in the same root-only folder.
        "PULUMI_HOME": str(PULUMI_HOME),
        "PULUMI_BACKEND_URL": f"file://{PULUMI_STATE}",
        "PULUMI_STACK": "local",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # The azure-native provider, signed in by a federated token as in a pipeline.
        "ARM_METADATA_HOSTNAME": str(SIMULATOR),
        "ARM_TENANT_ID": TENANT_ID,
        "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
        "ARM_CLIENT_ID": OPERATOR_CLIENT_ID,
        "ARM_USE_OIDC": "true",
        "ARM_OIDC_TOKEN_FILE_PATH": str(STATE / "operator" / "token"),
        # kubelogin, by the same token.
        "AAD_LOGIN_METHOD": "workloadidentity",
        "AZURE_AUTHORITY_HOST": f"https://{SIMULATOR}/",
        "AZURE_TENANT_ID": TENANT_ID,
        "AZURE_CLIENT_ID": OPERATOR_CLIENT_ID,
        "AZURE_FEDERATED_TOKEN_FILE": str(STATE / "operator" / "token"),
        # The local certificate authority, beside the system's.
        "SSL_CERT_FILE": str(CA_BUNDLE),
        "GIT_SSL_CAINFO": str(CA_BUNDLE),
        # clusterctl: releases from the local repository its ordinary configuration file names.
        "XDG_CONFIG_HOME": str(tools.releases / "xdg"),
        "CLUSTERCTL_DISABLE_VERSIONCHECK": "true",
        "GOPROXY": "off",
        "SLIPWAY_GIT_USERNAME": git_server.USERNAME,
    }


def _folders(tools: Toolchain) -> list[str]:
    """Where commands are looked for first."""
    return [str(Path(sys.prefix) / "bin"), str(COMMANDS), str(tools.bin)]


def secrets() -> dict[str, str]:
    """What goes into the environment of a command that needs the fleet repository, and into no file of its own."""
    return {"SLIPWAY_GIT_PASSWORD": git_server.PASSWORD_FILE.read_text()}


def write(tools: Toolchain) -> None:
    """Write the file that a person sources."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(tools).items() if name != "PATH"]
    _write_kubelogin(tools)
    _write_sops(tools)
    added = _folders(tools)
    lines.append(f'export PATH={shlex.quote(os.pathsep.join(added))}:"$PATH"')
    lines.append(f'export SLIPWAY_GIT_PASSWORD="$(cat {shlex.quote(str(git_server.PASSWORD_FILE))})"')
    FILE.write_text("# The local Azure's environment: `. " + str(FILE) + "`\n" + "\n".join(lines) + "\n")


def _write_kubelogin(tools: Toolchain) -> None:
    """kubelogin as it is, told two things that no variable can say.

    It must not ask the public cloud whether it knows this Entra. And it keeps tokens in the home folder, where they
    would outlive this Entra and be refused by the next one, which has the same ids and other keys.
    """
    _write_command(
        "kubelogin",
        f"""[ "$1" = get-token ] && set -- "$@" --disable-instance-discovery
HOME={shlex.quote(str(STATE / "operator"))} exec {shlex.quote(str(tools.bin / "kubelogin"))} "$@"
""",
    )


def _write_sops(tools: Toolchain) -> None:
    """sops as it is, where the names of Azure lead to the local one, as they do in the clusters.

    A vault is known by its host name, and sops signs in at the public cloud's. So it runs in a mount namespace with
    the clusters' DNS server; nothing is changed for others.
    """
    resolver = azure_dns.FOLDER / "resolv.conf"
    resolver.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    resolver.write_text(f"nameserver {HOST}\n")
    _write_command(
        "sops",
        f"""unset AZURE_AUTHORITY_HOST
exec unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' \\
  {shlex.quote(str(resolver))} {shlex.quote(str(tools.bin / "sops"))} "$@"
""",
    )


def _write_command(name: str, script: str) -> None:
    COMMANDS.mkdir(exist_ok=True)
    command = COMMANDS / name
    command.write_text(f"#!/bin/sh\n{script}")
    command.chmod(0o755)
