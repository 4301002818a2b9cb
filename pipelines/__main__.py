"""Commands of the pipelines: `python -m pipelines preview --stack dev`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from external.command import ExternalError
from pipelines import comment, expiry, report, unmanaged
from pipelines.engine import Stack, stacks

REFUSED: Final = 1
"""Policy, drift or a failed run."""

UNUSABLE: Final = 2
"""The command could not be tried."""


def preview(arguments: argparse.Namespace) -> int:
    """Preview a stack, and put the comment onto the pull request, when there is one."""
    outcome = Stack(arguments.stack).preview()
    _publish(arguments.report, report.preview(outcome))
    return REFUSED if outcome.failed else 0


def up(arguments: argparse.Namespace) -> int:
    """Update a stack."""
    return REFUSED if Stack(arguments.stack).up().failed else 0


def drift(arguments: argparse.Namespace) -> int:
    """Say what is not as the state has it."""
    stack = Stack(arguments.stack)
    outcome, left = stack.drift(), unmanaged.of(stack)
    _write(arguments.report, report.drift(outcome, left))
    return REFUSED if report.findings(outcome, left) else 0


def teardown_expired(arguments: argparse.Namespace) -> int:
    """Destroy the sandbox stacks whose time has passed, with their fleets; goes on after one that fails."""
    found, wrong = expiry.expired(stacks(), datetime.now(UTC))
    print(f"Expired: {', '.join(stack.name for stack in found) or 'none'}")
    failed = [] if arguments.dry_run else [each.name for each in found if each.destroy(teardown=expiry.FLEET).failed]
    for line in [*wrong, *([f"Not destroyed, see above: {', '.join(failed)}"] if failed else [])]:
        print(line, file=sys.stderr)
    return REFUSED if failed else UNUSABLE if wrong else 0


def _publish(file: Path | None, text: str) -> None:
    _write(file, text)
    if comments := comment.of_pull_request(os.environ):
        comments.put(text)


def _write(file: Path | None, text: str) -> None:
    if file:
        file.write_text(text, encoding="utf-8")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(text)


def main(argv: list[str] | None = None) -> int:
    """Run one command. Exit code: 0 good, 1 refused, failed or drifted, 2 it could not be tried."""
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (preview, up, drift):
        parse = commands.add_parser(command.__name__, help=command.__doc__)
        parse.add_argument("--stack", required=True)
        if command is not up:
            parse.add_argument("--report", type=Path, help="file for the Markdown")
        parse.set_defaults(command=command)
    parse = commands.add_parser("teardown-expired", help=teardown_expired.__doc__)
    parse.add_argument("--dry-run", action="store_true", help="only list them")
    parse.set_defaults(command=teardown_expired)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except ExternalError as error:
        print(error, file=sys.stderr)
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
