"""docs/policies.md, written from the rules and the profiles themselves: `python -m policies.program.page FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from policies.program.rules import RULES

PROFILES = Path(__file__).parent / "profiles"
HEAD = """# Policies of the program

`pulumi preview --policy-pack policies/program` asks of what the program is about to make whether it may be so; `make
preview` and `make up` always do. Every rule is mandatory: a violation stops the preview, and the update.

A stack is let off some rules by its profile, `pulumi config set policy:profile sandbox`, a file of
`policies/program/profiles/` in [Pulumi's own format](https://www.pulumi.com/docs/insights/policy/policy-packs/configuration/).
An entry says how much (`advisory`: only said; `disabled`: not asked) and why; critical rules are never relaxed. There
is no profile for production: that is having none. Rules that take settings take them there too, such as
`"images-from-mirror": {"enforcementLevel": "mandatory", "mirror": "mirror.example.com"}`.

A rule that would have to read what Azure has not told yet says so in a first preview, and is asked again in
`pulumi up`.

This page is written by `make policy`; a test compares it with the rules.
"""


def page() -> str:
    """The whole page, Markdown."""
    lines = [HEAD, "| Rule | Severity | What has to be so | Why | To mend it |", "|---|---|---|---|---|"]
    lines += [
        f"| [`{rule.id}`]({rule.source}) | {rule.severity} | {rule.says} | {rule.reason} | {rule.mend} |"
        for rule in RULES
    ]
    lines += ["", "## Who is let off what"]
    for file in sorted(PROFILES.glob("*.json")):
        lines += ["", f"### {file.stem}", "", "| Rule | | Because |", "|---|---|---|"]
        entries = json.loads(file.read_text()).items()
        lines += [f"| `{rule}` | {entry['enforcementLevel']} | {entry['because']} |" for rule, entry in entries]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
