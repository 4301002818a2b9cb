"""What a user of the local Azure has at hand: make, kubectl, git, pulumi, and the simulator's request log."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from azure.identity import WorkloadIdentityCredential
from azure.mgmt.containerservice import ContainerServiceClient

from local_azure import environment, first_cluster
from local_azure.__main__ import write_kubeconfig
from local_azure.clusters import Clusters
from local_azure.command import CommandFailed, run
from local_azure.instance import OPERATOR_CLIENT_ID, SIMULATOR, SUBSCRIPTION_ID, TENANT_ID
from local_azure.toolchain import ensure
from management_cluster.hand_off import CLUSTERS

CHECKOUT = Path(__file__).parents[2]
MANAGEMENT = "management"
FIRST = first_cluster.NAME


class Local:
    """The running local Azure, seen from outside."""

    def __init__(self) -> None:
        self.env = {**environment.variables(ensure()), **environment.secrets()}

    def run(self, *argv: str, timeout: float = 120) -> str:
        """Any command in the local Azure's environment; raises CommandFailed."""
        return run(argv, env=self.env, cwd=CHECKOUT, timeout=timeout)

    def get(self, context: str, *what: str) -> Any:
        """`kubectl get … -o json` in a cluster; None where it is not found or the cluster does not answer."""
        try:
            return json.loads(self.run("kubectl", "--context", context, "get", *what, "-o", "json", timeout=20))
        except CommandFailed:
            return None

    def see(self, cluster: str) -> None:
        """Have a context of this name, once there is the cluster."""
        if self.get(cluster, "namespaces"):
            return
        management = self.run("pulumi", "stack", "output", "management_cluster").strip()
        write_kubeconfig(Clusters(ensure().bin), management)
        assert self.get(cluster, "namespaces"), f"no cluster {cluster}"

    def available(self, name: str) -> bool:
        """Whether Cluster API says that a cluster is available."""
        found = (self.get(MANAGEMENT, "cluster", name, "-n", CLUSTERS) or {}).get("status", {}).get("conditions", [])
        return any(each["type"] == "Available" and each["status"] == "True" for each in found)

    def status(self, *options: str) -> str:
        """What `python -m fleet status` says, whatever its exit code."""
        try:
            return self.run("python", "-m", "fleet", "status", "--context", MANAGEMENT, *options)
        except CommandFailed as failed:
            return failed.output

    def commit(self, message: str, edit: Callable[[Path], object]) -> str:
        """Change a clone of the fleet repository by `edit`, push it to main, have Flux look; returns the commit."""
        with tempfile.TemporaryDirectory() as folder:
            checkout = first_cluster.clone(self.env, Path(folder) / "fleet")
            edit(checkout)
            first_cluster.push(self.env, checkout, message)
            return first_cluster.git(self.env, "-C", checkout, "rev-parse", "HEAD").strip()

    def reconcile(self, context: str, *what: str) -> None:
        """`flux reconcile …` in a cluster."""
        self.run("flux", "--context", context, "reconcile", *what, "--timeout=120s", timeout=150)

    def reconciles(self) -> bool:
        """Whether Flux applies the clusters of dev; webhooks and policies take a while after a restart."""
        try:
            self.reconcile(MANAGEMENT, "kustomization", "dev")
        except CommandFailed:
            return False
        return True

    def requests(self, since: float = 0, **query: str) -> list[Mapping[str, Any]]:
        """The simulator's request log since a time (Unix seconds): the witness of what reached Azure."""
        words = urllib.parse.urlencode({"since": since, **query})
        found: list[Mapping[str, Any]] = self._simulator("GET", f"requests?{words}")
        return found

    def resources(self, type: str) -> dict[str, str]:
        """What Azure has of a type: provisioning states by name."""
        found = self._simulator("GET", f"resources?type={type}")
        return {each["id"].rpartition("/")[2]: each["state"] for each in found}

    def fault(self, kind: str, **fault: object) -> None:
        """Switch on a fault of the simulator: docs/local-azure.md, "Looking inside"."""
        self._simulator("POST", "faults", {"kind": kind, **fault})

    def set(self, **settings: object) -> None:
        """Change settings of the simulator."""
        self._simulator("PATCH", "settings", settings)

    def heal(self) -> None:
        """Switch off all faults."""
        self._simulator("DELETE", "faults")

    def _simulator(self, method: str, path: str, body: object = None) -> Any:
        context = ssl.create_default_context(cafile=str(environment.CA_BUNDLE))
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"https://{SIMULATOR}/_local/{path}", data, method=method)
        with urllib.request.urlopen(request, context=context) as answer:
            return json.loads(answer.read() or "null")

    def writes(self, since: float, **query: str) -> list[str]:
        """The writing requests since a time, as "METHOD path"; `client_id` chooses whose."""
        methods = ("PUT", "PATCH", "DELETE")
        found = self.requests(since, **query)
        return [f"{each['method']} {each['path']}" for each in found if each["method"] in methods]

    @property
    def how_to_sign_in(self) -> dict[str, Any]:
        """Where credentials of azure.identity find Entra."""
        ca = str(environment.CA_BUNDLE)
        return {"authority": f"https://{SIMULATOR}", "disable_instance_discovery": True, "connection_verify": ca}

    def azure(self, token: AccessToken | None = None) -> ContainerServiceClient:
        """The client for AKS: what the portal does, or whoever the token is of."""
        found: ContainerServiceClient = self.client(ContainerServiceClient, token)
        return found

    def client(self, kind: type[Any], token: AccessToken | None = None) -> Any:
        """One of Microsoft's own clients, signed in as the operator; or as whoever the token is of."""
        os.environ.setdefault("SSL_CERT_FILE", str(environment.CA_BUNDLE))
        operator = WorkloadIdentityCredential(
            tenant_id=TENANT_ID,
            client_id=OPERATOR_CLIENT_ID,
            token_file_path=self.env["ARM_OIDC_TOKEN_FILE_PATH"],
            **self.how_to_sign_in,
        )
        return kind(
            _Holding(token) if token else operator,
            SUBSCRIPTION_ID,
            base_url=f"https://{SIMULATOR}",
            credential_scopes=["https://management.azure.com/.default"],
            connection_verify=str(environment.CA_BUNDLE),
        )


class _Holding:
    """A credential that is a token somebody has already."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return self._token


def make(target: str, timeout: float = 900, cwd: Path = CHECKOUT) -> str:
    """`make TARGET` as a user types it; returns what it printed. Interrupted, it interrupts all that make runs.

    Raises:
        AssertionError: it ended with another code than 0; has all that it printed.
    """
    with subprocess.Popen(
        ["make", target],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            printed, _ = running.communicate(timeout=timeout)
        except BaseException:
            os.killpg(running.pid, signal.SIGINT)
            raise
    assert running.returncode == 0, f"make {target} ended with code {running.returncode}:\n{printed}"
    return printed


def eventually(check: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until `check` is true.

    Raises:
        AssertionError: not within `seconds`; names `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(1)
