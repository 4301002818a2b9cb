"""Runs the provider: `python -m local_azure.azure_native TABLE` prints its port and serves until it is told to stop.

The engine starts it so: https://www.pulumi.com/docs/iac/guides/building-extending/providers/
"""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from local_azure.azure_native.provider import Provider
from local_azure.azure_native.table import Table
from local_azure.engine_gone import end_with_engine

PARALLEL = 64
"""Threads: a waiting operation occupies one, and the engine runs many at once."""

MESSAGE_LIMIT = 400 << 20
"""Bytes of one message, as other Pulumi plugins allow."""


def main(arguments: list[str]) -> int:
    end_with_engine()
    table = Table.load(Path(arguments[0]))
    server = grpc.server(
        ThreadPoolExecutor(PARALLEL),
        options=[("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(table), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop(grace=1)

    signal.signal(signal.SIGTERM, stop)
    # The engine starts a plugin in a process group of its own, which a Ctrl-C does not reach, and ends it by SIGINT
    # when it is done; 5 s later it would kill.
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
