"""The calls of the language runtime protocol that new projects, previews, updates, plugins and policy packs make.

Calls that generate code are left unimplemented, and the engine says so.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from local_azure.language_host.python import NoPython, Python, installation

LAUNCHER = "pulumi-language-python-exec"
"""Comes with Pulumi; its `--help` has the arguments. It runs a program inside the SDK's event loop."""

ALREADY_SAID = 32
"""The launcher's exit code when it has told the person what is wrong."""

VERSION = "1.0.0"


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs Python for one engine, whose address programs get."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address or self._engine
        return messages.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        found = [
            plugin_pb2.PackageDependency(
                name=plugin["name"], kind="resource", version=plugin.get("version", ""), server=plugin.get("server", "")
            )
            for plugin in self._python(request.info, context).plugins()
        ]
        return messages.GetRequiredPackagesResponse(packages=found)

    def About(self, request: Any, context: Any) -> Any:
        found = self._python(request.info, context).describe()
        return messages.AboutResponse(executable=found["executable"], version=found["version"])

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        packages = self._python(request.info, context).describe()["packages"]
        found = [messages.DependencyInfo(name=name, version=version) for name, version in sorted(packages.items())]
        return messages.GetProgramDependenciesResponse(dependencies=found)

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Make the virtual environment where there is none, install what the project names, and pass on pip's words."""
        info = request.info
        try:
            commands = installation(Path(info.root_directory), json_format.MessageToDict(info.options))
        except NoPython as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise
        for command in commands:
            with subprocess.Popen(
                command, cwd=request.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as process:
                context.add_callback(lambda process=process: _end(process))
                yield from _output(process, messages.InstallDependenciesResponse)
                if code := process.wait():
                    said = f"`{' '.join(command)}` ended with code {code}"
                    context.abort(grpc.StatusCode.FAILED_PRECONDITION, said)

    def Run(self, request: Any, context: Any) -> Any:
        """Run a program to its end. What it prints is this process's output, which the engine shows."""
        python = self._python(request.info, context)
        if not (launcher := shutil.which(LAUNCHER)):
            return messages.RunResponse(error=f"{LAUNCHER} is not on the PATH: it comes with Pulumi")
        environment = python.environment(os.environ) | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [str(python.executable), "-u", launcher, *self._arguments(request)]
        with subprocess.Popen(command, env=environment, cwd=request.pwd) as process:
            context.add_callback(lambda: _end(process))
            code = process.wait()
        if code == ALREADY_SAID:
            return messages.RunResponse(bail=True)
        return messages.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def _arguments(self, request: Any) -> list[str]:
        """The launcher's."""
        named = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "organization": request.organization,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
        }
        program = str(Path(request.info.program_directory) / request.info.entry_point)
        options = [word for name, value in named.items() if value for word in (f"--{name}", value)]
        return [*options, program, *request.args]

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a plugin or policy pack until the engine ends it, and pass on what it prints."""
        python = self._python(request.info, context)
        given = dict(pair.split("=", 1) for pair in request.env if "=" in pair)
        environment = python.environment(given or os.environ)
        folder = request.info.program_directory
        if request.kind == "analyzer":
            # The SDK's own way to run a policy pack: its arguments are the engine's address and the folder.
            command = ["-m", "pulumi.policy", *request.args[:1], folder, *request.args[1:]]
        else:
            command = [folder, *request.args]
        with subprocess.Popen(
            [str(python.executable), "-u", *command],
            env=environment,
            cwd=request.pwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            context.add_callback(lambda: _end(process))
            yield from _output(process, messages.RunPluginResponse)
            yield messages.RunPluginResponse(exitcode=process.wait())

    def _python(self, info: Any, context: Any) -> Python:
        options = json_format.MessageToDict(info.options)
        try:
            return Python.of(Path(info.root_directory), options)
        except NoPython as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()


def _output(process: subprocess.Popen[bytes], answer_of: Callable[..., Any]) -> Iterator[Any]:
    """What a process prints on both streams, as it comes; ends when both are closed."""
    pieces: queue.Queue[Any] = queue.Queue()

    def forward(stream: IO[bytes], answer: Callable[[bytes], Any]) -> None:
        while piece := os.read(stream.fileno(), 65536):
            pieces.put(answer(piece))
        pieces.put(None)

    assert process.stdout
    assert process.stderr
    for stream, answer in (
        (process.stdout, lambda piece: answer_of(stdout=piece)),
        (process.stderr, lambda piece: answer_of(stderr=piece)),
    ):
        threading.Thread(target=forward, args=(stream, answer), daemon=True).start()
    open_streams = 2
    while open_streams:
        piece = pieces.get()
        open_streams -= piece is None
        if piece is not None:
            yield piece
