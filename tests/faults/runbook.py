"""Takes the commands out of a page in docs/, so that a test runs what a person would type."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def sections(page: str) -> list[str]:
    """The sections that have commands, by title."""
    parts = re.split(r"^## (.*)\n", (DOCS / page).read_text(), flags=re.MULTILINE)
    return [title for title, text in zip(parts[1::2], parts[2::2], strict=True) if FENCE.search(text)]


def blocks(page: str, section: str) -> list[str]:
    """The fenced shell commands of a section, block by block.

    Raises:
        AssertionError: there is no such section, or none in it.
    """
    _, _, rest = (DOCS / page).read_text().partition(f"\n## {section}\n")
    found = FENCE.findall(rest.partition("\n## ")[0])
    assert found, f"no commands in {page}, {section}"
    return [dedent(each) for each in found]


def commands(page: str, section: str) -> str:
    """All of them, in their order."""
    return "".join(blocks(page, section))
