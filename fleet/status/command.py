"""`python -m fleet status`: all workload clusters, as the management cluster knows them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from fleet.status import health, inventory, report, unmanaged
from fleet.status.connection import connect
from fleet.status.health import FleetStatus, Health, Trouble

NOT_READY = 1


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "status",
        help="all workload clusters, as the management cluster knows them",
        epilog="Exit code: 0 all is ready, 1 something is not, 2 it could not be found out.",
    )
    parse.add_argument("--json", action="store_true", help="for programs")
    parse.add_argument("--azure", action="store_true", help="ask Azure, too, for clusters that nothing manages")
    add_management_cluster(parse)
    parse.set_defaults(command=run)


def add_management_cluster(parse: argparse.ArgumentParser) -> None:
    """Add the arguments that say which management cluster is asked."""
    parse.add_argument("--kubeconfig", type=Path, help="default: KUBECONFIG, else ~/.kube/config")
    parse.add_argument("--context", help="of the management cluster; default: the current one")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show every workload cluster; the exit code says whether all of them are ready."""
    judged, taken = judge(arguments)
    if arguments.azure:
        left = unmanaged.ask(connect(arguments.kubeconfig, arguments.context))
        found = [Trouble(each, Health.FAILING, unmanaged.WHAT_TO_DO) for each in left]
        judged = replace(judged, troubles=(*judged.troubles, *found))
    if arguments.json:
        console.print_json(data=report.as_json(judged))
    else:
        report.show(judged, console, taken)
    return 0 if judged.ready else NOT_READY


def judge(arguments: argparse.Namespace) -> tuple[FleetStatus, datetime]:
    """The status of the fleet, and when it was so.

    Raises:
        ExternalError: the management cluster does not answer, or refuses.
    """
    list_all = connect(arguments.kubeconfig, arguments.context)
    found = inventory.read(list_all)
    judged = health.judge(found)
    if not judged.ready:
        judged = health.judge(inventory.with_azure(found, list_all))
    return judged, found.taken
