"""One cluster as its user sees it: kubectl, and packets from inside its nodes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_azure.clusters import Clusters, ClusterSpec
from local_azure.command import run
from local_azure.instance import SUBSCRIPTION_ID, TENANT_ID
from local_azure.machine import network
from local_azure.toolchain import Toolchain

# Asks a name server for the address of a name; prints it, or "no such name", or "no answer".
LOOKUP = """
import socket, struct, sys
server, name = sys.argv[1:]
question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\\0" + struct.pack(">HH", 1, 1)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
try:
    client.sendto(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question, (server, 53))
    answer = client.recv(4096)
except OSError:
    print("no answer")
else:
    found = answer[3] & 15 == 0 and struct.unpack(">H", answer[6:8])[0]
    print(socket.inet_ntoa(answer[-4:]) if found else "no such name")
"""


def spec(name: str) -> ClusterSpec:
    """A cluster with the ordinary networks, which other clusters have too."""
    return ClusterSpec(
        resource_id=f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/test"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}",
        name=name,
        tenant_id=TENANT_ID,
        issuer_url=f"https://swedencentral.oic.prod-aks.azure.com/{TENANT_ID}/{name}/",
        fqdn=f"{name}-test.hcp.swedencentral.azmk8s.io",
        kubernetes_version="1.36.3",
        node_resource_group=f"MC_test_{name}_swedencentral",
    )


class Cluster:
    """A created cluster; `index` is its number on this machine."""

    def __init__(self, clusters: Clusters, tools: Toolchain, name: str, folder: Path) -> None:
        self.spec = spec(name)
        self._tools = tools
        self._kubeconfig = folder / f"{name}.kubeconfig"
        self._kubeconfig.write_text(clusters.admin_kubeconfig(self.spec.resource_id))
        self.index = int(clusters.address(self.spec.resource_id).packed[2]) - 224

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl as the cluster's administrator; raises CommandFailed."""
        return run([self._tools.bin / "kubectl", "--kubeconfig", self._kubeconfig, *words], stdin=stdin)

    def get(self, *what: str) -> Any:
        """`kubectl get … -o json`."""
        return json.loads(self.kubectl("get", *what, "-o", "json"))

    def nodes(self) -> list[str]:
        """The names of the nodes that are ready."""
        return [
            node["metadata"]["name"]
            for node in self.get("nodes")["items"]
            if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
        ]

    def rolled_out(self, deployment: str, namespace: str = "kube-system") -> None:
        """Wait until all pods of a Deployment are available."""
        self.kubectl("-n", namespace, "rollout", "status", f"deployment/{deployment}", "--timeout=100s")

    def lookup(self, name: str, server: str | None = None, node: int = 0) -> str:
        """Ask a name server (the cluster's own) from inside a node; returns what LOOKUP prints."""
        enter = ["nsenter", f"--net=/run/netns/{network.node(self.index, node)}", sys.executable, "-c", LOOKUP]
        return run([*enter, server or self.spec.dns_service_ip, name]).strip()


def soon(check: Callable[[], object], seconds: float = 60) -> bool:
    """Whether `check` comes true in time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def listing(command: str) -> set[str]:
    """The lines a shell command prints."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    return set(done.stdout.splitlines())
