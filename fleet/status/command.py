"""`python -m fleet status`: all workload clusters, as the management cluster knows them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from fleet.status import health, inventory, report
from fleet.status.connection import connect

NOT_READY = 1


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "status",
        help="all workload clusters, as the management cluster knows them",
        epilog="Exit code: 0 all is ready, 1 something is not, 2 it could not be found out.",
    )
    parse.add_argument("--json", action="store_true", help="for programs")
    parse.add_argument("--kubeconfig", type=Path, help="default: KUBECONFIG, else ~/.kube/config")
    parse.add_argument("--context", help="of the management cluster; default: the current one")
    parse.set_defaults(command=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show every workload cluster; the exit code says whether all of them are ready."""
    list_all = connect(arguments.kubeconfig, arguments.context)
    found = inventory.read(list_all)
    judged = health.judge(found)
    if not judged.ready:
        judged = health.judge(inventory.with_azure(found, list_all))
    if arguments.json:
        console.print_json(data=report.as_json(judged))
    else:
        report.show(judged, console, found.taken)
    return 0 if judged.ready else NOT_READY
