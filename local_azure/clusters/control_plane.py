"""The control plane of one cluster: etcd, API server, controller manager, scheduler in their own network namespace.

Each cluster has its own etcd, so that the loss or the deletion of one cluster is invisible to the others.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from local_azure.clusters import authentication, control_plane_flags, kubeconfig, versions
from local_azure.clusters.api import Api
from local_azure.clusters.pki import CLIENTS, Pki
from local_azure.clusters.records import ClusterRecord
from local_azure.errors import LocalAzureError
from local_azure.machine import network, processes
from local_azure.progress import wait_until

READY_SECONDS = 120
STOP_ORDER = ("scheduler", "controller-manager", "apiserver", "etcd")
"""The API server before its etcd: without one it does not end."""

ENVIRONMENT = {"GOGC": "40"}
"""Trades CPU time for memory: a management cluster's many CRDs double the API server otherwise."""


class ControlPlane:
    """The programs, files and addresses of one control plane; `bin` is the folder with `kube`."""

    def __init__(self, record: ClusterRecord, bin: Path) -> None:
        self._record = record
        self._bin = bin
        self.pki = Pki(record)
        self.server = record.server
        self.namespace = network.control_plane(record.index)
        self._folder = record.folder / "control-plane"

    def api(self) -> Api:
        """Access as administrator."""
        pki = self.pki
        return Api(self.server, ca=pki.certificate("ca"), certificate=pki.certificate("admin"), key=pki.key("admin"))

    def start(self) -> None:
        """Start what does not run and wait until the cluster works.

        Raises:
            LocalAzureError: it did not come up; has the last words of the program to blame.
        """
        network.ensure_bridge()
        network.attach(self.namespace, self._record.address)
        self.update_routes()
        self.pki.ensure()
        self._write_files()
        self._start("etcd", control_plane_flags.etcd(self._record))
        self._start("apiserver", control_plane_flags.apiserver(self._record, self.pki, self._folder))
        with self.api() as api:
            self._wait("apiserver", "API server", api.ready)
            manager = control_plane_flags.controller_manager(
                self._record, self.pki, self.kubeconfig("controller-manager")
            )
            self._start("controller-manager", manager)
            self._start("scheduler", control_plane_flags.scheduler(self.kubeconfig("scheduler")))
            # Made by the controller manager: the first thing that shows it at work, and no pod starts without.
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._wait("controller-manager", "controller manager", lambda: api.get(account) is not None)

    def stop(self, *, grace: float = processes.KILL_AFTER) -> None:
        """Stop all four, keep the data; each gets `grace` seconds to end by itself."""
        for name in STOP_ORDER:
            processes.stop(self._process(name), grace=grace)

    def update_routes(self) -> None:
        """Let the API server reach pods (webhooks) by way of their nodes."""
        network.route_pods(self.namespace, self._record.pod_routes())

    def running(self) -> bool:
        """Whether all four run."""
        return all(processes.alive(self._process(name)) for name in STOP_ORDER)

    def kubeconfig(self, client: str) -> Path:
        """The kubeconfig of one of `pki.CLIENTS`."""
        return self._folder / f"{client}.kubeconfig"

    def _process(self, program: str) -> str:
        return f"cluster-{self._record.index}-{program}"

    def _start(self, program: str, argv: list[str]) -> None:
        # Kubernetes' own etcd goes on when the version changes: it is the same.
        kube = (
            self._bin / "kube"
            if program == "etcd"
            else versions.program(self._bin, self._record.spec.kubernetes_version)
        )
        command = [str(kube), *argv]
        processes.start(self._process(program), command, netns=self.namespace, env=ENVIRONMENT)

    def _wait(self, program: str, what: str, ready: Callable[[], bool]) -> None:
        process = self._process(program)

        def missing() -> str | None:
            if not processes.alive(process):
                raise LocalAzureError(
                    f"the {what} of {self._record.spec.name} ended: {processes.last_line(process)}",
                    f"see {processes.log_file(process)}",
                )
            return None if ready() else what

        try:
            wait_until(missing, lambda _: None, timeout=READY_SECONDS, interval=0.1)
        except TimeoutError as late:
            raise LocalAzureError(
                f"the {what} of {self._record.spec.name} was not ready within {READY_SECONDS} s",
                f"see {processes.log_file(process)}",
            ) from late

    def _write_files(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ca = self.pki.authority.pem.certificate
        for client in CLIENTS:
            text = kubeconfig.with_certificate(
                self.server, ca, self.pki.load(client), cluster=self._record.spec.name, user=client, context=client
            )
            kubeconfig.write(self.kubeconfig(client), text)
        if self._record.spec.entra:
            self._write_yaml("authentication.yaml", authentication.tokens(self._record.spec.tenant_id))
            webhook = self._folder / "authorize.kubeconfig"
            kubeconfig.write(webhook, authentication.webhook_kubeconfig(self._record.spec.authorize_url))
            self._write_yaml("authorization.yaml", authentication.authorizers(webhook))

    def _write_yaml(self, name: str, document: dict[str, object]) -> None:
        (self._folder / name).write_text(yaml.safe_dump(document, sort_keys=False))
