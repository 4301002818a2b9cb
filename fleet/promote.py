"""`python -m fleet promote`: copies one environment's release to the next, on a branch of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from external.command import ExternalError
from fleet import promotion
from fleet.status import readiness
from fleet.status.command import add_management_cluster, judge


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "promote",
        help="copy an environment's release.yaml to the next one, on a new branch",
        epilog="Exit code: 0 done, 2 refused.",
    )
    parse.add_argument("source", metavar="FROM", help="environment whose release has proved itself")
    parse.add_argument("target", metavar="TO", help="the environment after it")
    parse.add_argument("--repository", type=Path, default=Path(), help="clone of the fleet repository; default: here")
    parse.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parse.add_argument("--unchecked", action="store_true", help="do not ask the management cluster how FROM is")
    add_management_cluster(parse)
    parse.set_defaults(command=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Copy, commit, and say what is next."""
    plan = promotion.plan(arguments.repository, arguments.source, arguments.target)
    promotion.show(plan, console)
    if not arguments.unchecked:
        _check_ready(arguments, plan)
    if not arguments.dry_run:
        branch = promotion.commit(plan)
        console.print(f"Committed on branch {escape(branch)}. Next, for a pull request:")
        console.print(f"  git -C {escape(str(plan.root))} push --set-upstream origin {escape(branch)}", soft_wrap=True)
    return 0


def _check_ready(arguments: argparse.Namespace, plan: promotion.Plan) -> None:
    found = list(readiness.against(judge(arguments)[0], plan.source, plan.release))
    if found:
        reasons = "\n  ".join(found)
        raise ExternalError(
            f"{plan.source} has not proved its release, so that nothing is promoted:\n  {reasons}\n"
            "Mend it, or say --unchecked"
        )
