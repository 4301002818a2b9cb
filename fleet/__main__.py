"""The fleet from a terminal: how it is, what a branch does, the next step of a release, mistakes, alerts for Azure."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

from rich.console import Console
from rich.markup import escape

from external.command import ExternalError

COMMANDS: Final = {
    "status": "fleet.status.command",
    "plan": "fleet.plan.command",
    "promote": "fleet.promote",
    "validate": "fleet.validation.command",
    "alerts": "fleet.azure_alerts",
}
"""By name, where each is; only the one that is asked for is loaded, since all of them take a second."""

FAILED: Final = 2
WIDTH: Final = 240
"""Columns, whatever the terminal has: nothing is cut, as with kubectl."""


def _parser(asked: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fleet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in [asked] if asked in COMMANDS else COMMANDS:
        importlib.import_module(COMMANDS[name]).add_to(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; an error is one message on standard error, and exit code 2."""
    argv = sys.argv[1:] if argv is None else argv
    arguments = _parser(argv[0] if argv else "").parse_args(argv)
    try:
        return int(arguments.command(arguments, Console(highlight=False, width=WIDTH)))
    except ExternalError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]{escape(str(error))}[/red]", highlight=False)
        return FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
