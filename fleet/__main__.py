"""The fleet from a terminal: how it is (`status`), what a branch does (`plan`), a release's next step (`promote`)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from external.command import ExternalError
from fleet import promotion
from fleet.plan import command as plan
from fleet.status import health, inventory, report
from fleet.status.connection import connect
from fleet.validation import command as validation

NOT_READY: Final = 1
FAILED: Final = 2
WIDTH: Final = 240
"""Columns, whatever the terminal has: nothing is cut, as with kubectl."""


def status(arguments: argparse.Namespace, console: Console) -> int:
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


def promote(arguments: argparse.Namespace, console: Console) -> int:
    """Copy one environment's release to the next, on a branch of its own."""
    plan = promotion.plan(arguments.repository, arguments.source, arguments.target)
    promotion.show(plan, console)
    if not arguments.dry_run:
        branch = promotion.commit(plan)
        console.print(f"Committed on branch {escape(branch)}. Next, for a pull request:")
        console.print(f"  git -C {escape(str(plan.root))} push --set-upstream origin {escape(branch)}", soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parse = commands.add_parser(
        "status",
        help="all workload clusters, as the management cluster knows them",
        epilog="Exit code: 0 all is ready, 1 something is not, 2 it could not be found out.",
    )
    parse.add_argument("--json", action="store_true", help="for programs")
    parse.add_argument("--kubeconfig", type=Path, help="default: KUBECONFIG, else ~/.kube/config")
    parse.add_argument("--context", help="of the management cluster; default: the current one")
    parse.set_defaults(command=status)
    plan.add_to(commands)
    parse = commands.add_parser(
        "promote",
        help="copy an environment's release.yaml to the next one, on a new branch",
        epilog="Exit code: 0 done, 2 refused.",
    )
    parse.add_argument("source", metavar="FROM", help="environment whose release has proved itself")
    parse.add_argument("target", metavar="TO", help="the environment after it")
    parse.add_argument("--repository", type=Path, default=Path(), help="clone of the fleet repository; default: here")
    parse.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parse.set_defaults(command=promote)
    validation.add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; an error is one message on standard error, and exit code 2."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments, Console(highlight=False, width=WIDTH)))
    except ExternalError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]{escape(str(error))}[/red]", highlight=False)
        return FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
