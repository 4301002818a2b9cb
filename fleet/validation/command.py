"""`python -m fleet validate`: its arguments, and what it prints."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from fleet.validation import report
from fleet.validation.check import validate

INVALID: Final = 1
FORMATS: Final = {"text": report.text, "json": report.as_json, "sarif": report.sarif}


def add_to(commands: Any) -> None:
    """Add the command to those of `python -m fleet`."""
    parse = commands.add_parser(
        "validate",
        help="all mistakes of a fleet repository, by file, line and column; needs no cluster",
        epilog="Exit code: 0 no mistake, 1 mistakes, 2 it could not be found out.",
    )
    parse.add_argument("path", type=Path, nargs="?", default=Path(), help="the repository's folder; default: here")
    parse.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parse.add_argument("--since", metavar="REV", help="a commit that is well: render only the requests that changed")
    parse.add_argument("--schemas", type=Path, metavar="DIR", help="CRD manifests; default: of the pinned versions")
    parse.set_defaults(command=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Validate and print; the exit code says whether there are mistakes."""
    result = validate(arguments.path, arguments.since, arguments.schemas)
    console.out(FORMATS[arguments.format](result), highlight=False)
    return INVALID if result.findings else 0
