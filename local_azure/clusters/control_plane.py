"""The control plane of one cluster: etcd, API server, controller manager, scheduler in their own network namespace.

Each cluster has its own etcd, so that the loss or the deletion of one cluster is invisible to the others.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from local_azure.clusters import authentication, kubeconfig
from local_azure.clusters.api import Api
from local_azure.clusters.pki import CLIENTS, Pki
from local_azure.clusters.records import ClusterRecord
from local_azure.clusters.spec import NODE_PREFIX_LENGTH
from local_azure.errors import LocalAzureError
from local_azure.machine import network, processes
from local_azure.progress import wait_until

READY_SECONDS = 120
STOP_ORDER = ("scheduler", "controller-manager", "apiserver", "etcd")
"""The API server before its etcd: without one it does not end."""

ENVIRONMENT = {"GOGC": "40"}
"""Trades CPU time for memory: a management cluster's many CRDs double the API server otherwise."""

ETCD = "http://127.0.0.1:2379"


class ControlPlane:
    """The programs, files and addresses of one control plane; `bin` is the folder with `kube`."""

    def __init__(self, record: ClusterRecord, bin: Path) -> None:
        self._record = record
        self._bin = bin
        self.pki = Pki(record)
        self.server = f"https://{record.address}:443"
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
        self._start("etcd", _etcd(self._record))
        self._start("apiserver", self._apiserver())
        with self.api() as api:
            self._wait("apiserver", "API server", api.ready)
            self._start("controller-manager", self._controller_manager())
            self._start("scheduler", self._scheduler())
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
        command = [str(self._bin / "kube"), *argv]
        processes.start(self._process(program), command, netns=self.namespace, env=ENVIRONMENT)

    def _wait(self, program: str, what: str, ready: object) -> None:
        assert callable(ready)
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

    def _apiserver(self) -> list[str]:
        """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/"""
        record, pki, spec = self._record, self.pki, self._record.spec
        entra = [
            f"--authentication-config={self._folder}/authentication.yaml",
            f"--authorization-config={self._folder}/authorization.yaml",
        ]
        return [
            "kube-apiserver",
            f"--etcd-servers={ETCD}",
            f"--bind-address={record.address}",
            f"--advertise-address={record.address}",
            "--secure-port=443",
            f"--service-cluster-ip-range={spec.services}",
            f"--tls-cert-file={pki.certificate('apiserver')}",
            f"--tls-private-key-file={pki.key('apiserver')}",
            f"--client-ca-file={pki.certificate('ca')}",
            f"--service-account-issuer={spec.issuer_url}",
            f"--service-account-jwks-uri={spec.issuer_url.rstrip('/')}/openid/v1/jwks",
            f"--service-account-key-file={pki.service_account_public_key}",
            f"--service-account-signing-key-file={pki.service_account_key}",
            f"--requestheader-client-ca-file={pki.certificate('front-proxy-ca')}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki.certificate('front-proxy')}",
            f"--proxy-client-key-file={pki.key('front-proxy')}",
            f"--kubelet-certificate-authority={pki.certificate('ca')}",
            f"--kubelet-client-certificate={pki.certificate('kubelet-client')}",
            f"--kubelet-client-key={pki.key('kubelet-client')}",
            "--kubelet-preferred-address-types=InternalIP",
            "--enable-admission-plugins=NodeRestriction",
            # There is no kube-proxy beside the API server: webhooks are reached at their pods, not at their service.
            "--enable-aggregator-routing=true",
            "--allow-privileged=true",
            "--profiling=false",
            *(entra if spec.entra else ["--authorization-mode=Node,RBAC"]),
        ]

    def _controller_manager(self) -> list[str]:
        """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/"""
        pki, spec = self.pki, self._record.spec
        return [
            "kube-controller-manager",
            *self._client_flags("controller-manager"),
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={pki.service_account_key}",
            f"--root-ca-file={pki.certificate('ca')}",
            f"--cluster-signing-cert-file={pki.certificate('ca')}",
            f"--cluster-signing-key-file={pki.key('ca')}",
            f"--flex-volume-plugin-dir={self._folder}/volume-plugins",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={spec.pods}",
            f"--node-cidr-mask-size={NODE_PREFIX_LENGTH}",
            f"--service-cluster-ip-range={spec.services}",
        ]

    def _scheduler(self) -> list[str]:
        """https://kubernetes.io/docs/reference/command-line-tools-reference/kube-scheduler/"""
        return ["kube-scheduler", *self._client_flags("scheduler")]

    def _client_flags(self, client: str) -> list[str]:
        path = self.kubeconfig(client)
        return [
            f"--kubeconfig={path}",
            f"--authentication-kubeconfig={path}",
            f"--authorization-kubeconfig={path}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--profiling=false",
        ]


def _etcd(record: ClusterRecord) -> list[str]:
    """https://etcd.io/docs/v3.6/op-guide/configuration/

    Without fsync: what is written survives the death of every process, though not of the machine's power supply.
    """
    peer = "http://127.0.0.1:2380"
    return [
        "etcd",
        "--name=etcd",
        f"--data-dir={record.folder / 'etcd'}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=etcd={peer}",
        "--unsafe-no-fsync=true",
        f"--quota-backend-bytes={4 * 1024**3}",
        "--log-level=warn",
    ]
