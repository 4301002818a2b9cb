"""`python -m fleet plan`: what merging a branch of the fleet repository does in Azure."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from external.command import ExternalError
from fleet.plan import markdown, plan, text
from fleet.plan.live import ManagementCluster
from fleet.status.command import add_management_cluster

REFUSED = 1


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "plan",
        help="what merging a branch of the fleet repository does in Azure",
        epilog="Exit code: 0 it may be merged, 1 it should not (the reasons are told), 2 it could not be found out.",
    )
    parse.add_argument("--base", default="main", help="the branch that is merged into; default: main")
    parse.add_argument("--head", default="HEAD", help="what is merged; default: HEAD, as it is committed")
    parse.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parse.add_argument("--repository", type=Path, default=Path(), help="clone of the fleet repository; default: here")
    parse.add_argument("--live", action="store_true", help="ask the management cluster, too: admission, edits by hand")
    add_management_cluster(parse)
    parse.set_defaults(command=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show the plan; the exit code says whether it may be merged.

    Raises:
        ExternalError: a management cluster is named that would not be asked; and as `plan.make`.
    """
    named = arguments.kubeconfig or arguments.context
    if named and not arguments.live:
        raise ExternalError(f"{named} would not be asked: add --live, or leave out --kubeconfig and --context")
    cluster = ManagementCluster(arguments.kubeconfig, arguments.context) if arguments.live else None
    made = plan.make(arguments.repository, arguments.base, arguments.head, cluster=cluster)
    if arguments.format == "json":
        print(json.dumps(text.as_json(made), indent=2))
    elif arguments.format == "markdown":
        print(markdown.write(made), end="")
    else:
        text.show(made, console)
    return REFUSED if made.refusals else 0
