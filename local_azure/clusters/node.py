"""One node: containerd, kubelet and kube-proxy in a network namespace and a control group of their own."""

from __future__ import annotations

import json
import shutil
import socket as connection
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local_azure.clusters import kubeconfig, node_files, node_identity, versions
from local_azure.clusters.control_plane import ControlPlane
from local_azure.clusters.records import ClusterRecord, NodeRecord
from local_azure.command import CommandFailed, run
from local_azure.errors import LocalAzureError
from local_azure.machine import authority, cgroups, containers, network, processes
from local_azure.machine.certificates import Certificate
from local_azure.progress import wait_until

READY_SECONDS = 120
DRAIN_SECONDS = 30
PROGRAMS = ("containerd", "kubelet", "kube-proxy")


class Node:
    """One node of the cluster `record`; `bin` is the folder with `kube`."""

    def __init__(self, record: ClusterRecord, node: NodeRecord, control_plane: ControlPlane, bin: Path) -> None:
        self._record = record
        self._node = node
        self._control_plane = control_plane
        self._bin = bin
        self.name = record.node_name(node)
        self.address = record.node_ip(node)
        self.namespace = network.node(record.index, node.number)
        self.folder = record.folder / "nodes" / str(node.number)
        self.run_folder = record.run_folder / f"n{node.number}"
        self._cgroup = f"{record.index}-n{node.number}"
        self._started_at = datetime.min.replace(tzinfo=UTC)

    def start(self) -> None:
        """Start what does not run; the node joins its cluster by itself."""
        network.attach(self.namespace, self.address)
        network.forward(self.namespace, services=self._record.spec.services, all_pods=self._record.spec.pods)
        self.update_routes()
        for folder in (self.folder, self.run_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        cgroup = cgroups.create(self._cgroup)
        self._write_files(cgroup)
        self._start("containerd", ["containerd", "--config", str(self.folder / "containerd.toml")])
        self.register()
        self._wait_for_containerd()
        if not processes.alive(self._process("kubelet")):
            self._started_at = datetime.now(UTC).replace(microsecond=0)
        kube = str(versions.program(self._bin, self._node.version))
        self._start("kubelet", [kube, "kubelet", *self._kubelet_flags()])
        self._start("kube-proxy", [kube, "kube-proxy", f"--config={self.folder}/kube-proxy.yaml"])

    def wait_ready(self) -> None:
        """Wait until pods can run on it, by what its kubelet said after `start`, not what one said earlier.

        Raises:
            LocalAzureError: not in time; has the reason that Kubernetes gives, or the last words of what ended.
        """

        def missing() -> str | None:
            condition = self._condition()
            if datetime.fromisoformat(condition["lastHeartbeatTime"]) < self._started_at:
                return "the kubelet has not reported yet"
            return None if condition["status"] == "True" else str(condition["message"])

        self._wait("kubelet", PROGRAMS, missing)

    def register(self) -> None:
        """Create the Node object, or give the existing one its pool's labels and taints."""
        with self._control_plane.api() as api:
            if not api.create("/api/v1/nodes", node_identity.registration(self._record, self._node)):
                api.change(
                    f"/api/v1/nodes/{self.name}",
                    lambda document: node_identity.converge(document, self._record, self._node),
                )

    def update_routes(self) -> None:
        """Lead to the pods of the other nodes."""
        own = self._record.spec.pod_network(self._node.number)
        routes = {pods: via for pods, via in self._record.pod_routes().items() if pods != own}
        network.route_pods(self.namespace, routes)

    def stop(self, *, grace: float = 5.0) -> None:
        """End the node's programs and all its containers, keep the data.

        Args:
            grace: seconds that containers are given to end by themselves.
        """
        for program in ("kubelet", "kube-proxy"):
            processes.stop(self._process(program), grace=min(grace, 2.0))
        containers.end(self._cgroup, self.run_folder, grace=grace)
        processes.stop(self._process("containerd"), grace=min(grace, 2.0))
        containers.clean_up(self.namespace, self._cgroup, self.folder, self.run_folder)

    def drain(self) -> None:
        """Move its pods away, as far as that is possible in time, as AKS does before it removes a node."""
        words = ["kubectl", f"--kubeconfig={self._control_plane.kubeconfig('admin')}", "drain", self.name]
        flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", f"--timeout={DRAIN_SECONDS}s"]
        try:
            run([self._bin / "kube", *words, *flags], timeout=DRAIN_SECONDS + 15)
        except CommandFailed:
            # A pod that cannot move (one node, a strict disruption budget) does not hold up the removal for ever.
            return

    def remove(self) -> None:
        """Remove the node with all it has, also from the Kubernetes API when that still runs."""
        self.stop(grace=0)
        if self._control_plane.running():
            with self._control_plane.api() as api:
                api.delete(f"/api/v1/nodes/{self.name}")
        network.detach(self.namespace)
        processes.remove_logs(self._process(""))
        for folder in (self.folder, self.run_folder):
            if folder.exists():
                shutil.rmtree(folder)

    def _wait_for_containerd(self) -> None:
        """The kubelet gives up when it finds no container runtime."""
        socket = self.run_folder / "containerd.sock"

        def missing() -> str | None:
            with closing(connection.socket(connection.AF_UNIX)) as client:
                return None if client.connect_ex(str(socket)) == 0 else f"containerd at {socket}"

        self._wait("containerd", ["containerd"], missing)

    def _wait(self, blamed: str, programs: Iterable[str], missing: Callable[[], str | None]) -> None:
        """Wait for something as long as `programs` run; `blamed` is whose log says why it does not come."""

        def check() -> str | None:
            for program in programs:
                if not processes.alive(self._process(program)):
                    last = processes.last_line(self._process(program))
                    log = processes.log_file(self._process(program))
                    raise LocalAzureError(f"{program} of node {self.name} ended: {last}", f"see {log}")
            return missing()

        try:
            wait_until(check, lambda _: None, timeout=READY_SECONDS, interval=0.1)
        except TimeoutError as late:
            log = processes.log_file(self._process(blamed))
            raise LocalAzureError(f"node {self.name} is not ready, {late}", f"see {log}") from late

    def _process(self, program: str) -> str:
        return f"cluster-{self._record.index}-n{self._node.number}-{program}"

    def _start(self, program: str, argv: list[str]) -> None:
        processes.start(self._process(program), argv, netns=self.namespace, env={"GOGC": "50"})

    def _condition(self) -> dict[str, Any]:
        with self._control_plane.api() as api:
            document = api.get(f"/api/v1/nodes/{self.name}") or {}
        conditions = document.get("status", {}).get("conditions", [])
        unknown = {"status": "Unknown", "message": "unknown", "lastHeartbeatTime": "1970-01-01T00:00:00Z"}
        return next((each for each in conditions if each["type"] == "Ready"), unknown)

    def _kubelet_flags(self) -> list[str]:
        return [
            f"--config={self.folder}/kubelet.yaml",
            f"--kubeconfig={self.folder}/kubelet.kubeconfig",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
            f"--root-dir={self.folder}/kubelet",
            f"--cert-dir={self.folder}/kubelet/pki",
        ]

    def _write_files(self, cgroup: str) -> None:
        spec, pki = self._record.spec, self._control_plane.pki
        pods = spec.pod_network(self._node.number)
        identity = f"system:node:{self.name}"
        if not (self.folder / "kubelet.crt").exists():
            issued = pki.authority.issue(
                identity, organization="system:nodes", dns=[self.name], ips=[str(self.address)]
            )
            self._write("kubelet.key", issued.key.decode())
            self._write("kubelet.crt", issued.certificate.decode())
        self._write("kubelet.kubeconfig", self._kubelet_kubeconfig(identity))
        self._write("containerd.toml", node_files.containerd(self.folder, self.run_folder))
        self._write("registries/_default/hosts.toml", node_files.every_registry(authority.CERTIFICATE))
        network_settings = node_files.pod_network(self.namespace, pods, self.folder / "addresses")
        self._write("cni/10-pods.conflist", json.dumps(network_settings))
        self._write("resolv.conf", node_files.resolver())
        kubelet = node_files.kubelet(
            spec,
            folder=self.folder,
            run_folder=self.run_folder,
            ca=pki.certificate("ca"),
            address=self.address,
            cgroup=cgroup,
            provider_id=node_identity.provider_id(self._record, self._node),
            taints=node_identity.taints(self._record.pools[self._node.pool]),
        )
        self._write("kubelet.yaml", kubelet)
        proxy_kubeconfig = self._control_plane.kubeconfig("kube-proxy")
        self._write("kube-proxy.yaml", node_files.kube_proxy(spec, kubeconfig=proxy_kubeconfig, node=self.name))

    def _kubelet_kubeconfig(self, identity: str) -> str:
        client = Certificate((self.folder / "kubelet.crt").read_bytes(), (self.folder / "kubelet.key").read_bytes())
        plane = self._control_plane
        ca = plane.pki.authority.pem.certificate
        cluster = self._record.spec.name
        return kubeconfig.with_certificate(plane.server, ca, client, cluster=cluster, user=identity, context=cluster)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kubeconfig.write(path, text)
