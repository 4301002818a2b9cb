"""Serve the language runtime protocol to one engine, and print the port: `pulumi-language-python ENGINE`."""

from __future__ import annotations

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from local_azure.engine_gone import end_with_engine
from local_azure.language_host.host import LanguageHost

UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
THREADS = 16
"""A program, and each plugin or policy pack that is run at the same time, hold one for as long as they run."""


def main() -> int:
    """Serve until the engine ends this process."""
    end_with_engine()
    engine = next((argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-")), "")
    server = grpc.server(ThreadPoolExecutor(THREADS), options=UNLIMITED)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.stop(grace=1).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
