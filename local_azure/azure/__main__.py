"""`python -m local_azure.azure`: serve ARM and Entra over https until a signal comes."""

from __future__ import annotations

import argparse
import importlib
import logging
import shutil
import sys
from pathlib import Path

from local_azure import instance
from local_azure.azure.app import Simulator
from local_azure.azure.backend import Clusters
from local_azure.azure.server import serve
from local_azure.clusters.clusters import Clusters as RealClusters
from local_azure.clusters.crowd import Crowd
from local_azure.errors import LocalAzureError
from local_azure.machine import authority

NAMES = (
    "management.azure.com",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "*.oic.prod-aks.azure.com",
    "*.vault.azure.net",
    "localhost",
)


def main() -> int:
    """Run until interrupted; returns the exit status."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    host, _, port = options.listen.rpartition(":")
    try:
        certificate, key = _certificate(options.state, host)
        simulator = Simulator(
            options.state / "azure", _clusters(options.clusters), operator_token=options.state / "operator" / "token"
        )
    except LocalAzureError as error:
        print(error, file=sys.stderr)
        return 1
    serve(simulator.app, host, int(port), certificate, key).run()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_azure.azure", description=__doc__)
    parser.add_argument("--listen", default=f"{instance.SIMULATOR}:443", metavar="ADDRESS:PORT")
    parser.add_argument("--state", type=Path, default=instance.STATE, metavar="FOLDER")
    parser.add_argument(
        "--clusters",
        default="",
        metavar="MODULE:CLASS",
        help="what stands behind ManagedClusters instead of real clusters",
    )
    return parser.parse_args()


def _certificate(state: Path, host: str) -> tuple[Path, Path]:
    """Certificate and key for all names Azure has here, in `state`."""
    addresses = sorted({host, "127.0.0.1", str(instance.SIMULATOR)})
    issued = authority.ensure_ca().issue("management.azure.com", dns=NAMES, ips=addresses)
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = state / "azure.crt", state / "azure.key"
    key.touch(mode=0o600)
    key.write_bytes(issued.key)
    certificate.write_bytes(issued.certificate)
    return certificate, key


def _clusters(place: str) -> Clusters:
    """Real clusters, made of the tools on PATH; or the implementation named `module:class`."""
    if place:
        module, _, name = place.partition(":")
        other: Clusters = getattr(importlib.import_module(module), name)()
        return other
    kubernetes = shutil.which("kube")
    if kubernetes is None:
        raise LocalAzureError("the local Azure's Kubernetes is not on PATH", "start the local Azure with `make local`")
    tools = Path(kubernetes).parent
    real = RealClusters(tools)
    real.resume()
    return Crowd(real, tools)


if __name__ == "__main__":
    sys.exit(main())
