"""A short-lived registry on this machine's loopback address, to fill the storage that the local Azure serves later."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from local_azure.errors import LocalAzureError

START_SECONDS = 20


@contextmanager
def serving(program: Path, storage: Path) -> Iterator[str]:
    """Serve `storage` while the block runs; yields `host:port`.

    Raises:
        LocalAzureError: it does not start.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        settings = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(storage)}},
            "http": {"addr": address},
        }
        configuration = Path(folder) / "config.yml"
        configuration.write_text(yaml.safe_dump(settings))
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [program, "serve", configuration],
                stdout=output,
                stderr=output,
                env={**os.environ, "OTEL_TRACES_EXPORTER": "none", "GOGC": "20"},
            )
            try:
                _wait(process, address, log)
                yield address
            finally:
                process.terminate()
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://{address}/v2/", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise LocalAzureError(f"the registry that stores the images did not start at {address}: {log.read_text()[-500:]}")
