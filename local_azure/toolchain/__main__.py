"""`python -m local_azure.toolchain`: build what is missing, and show what there is."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table

from local_azure.errors import LocalAzureError
from local_azure.progress import Progress, console
from local_azure.toolchain.build import Toolchain, ensure
from local_azure.toolchain.recipe import load


def main() -> int:
    """Build, then print a table; 1 when something a person can mend is wrong."""
    progress = Progress()
    try:
        toolchain = ensure(progress)
    except LocalAzureError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. What is built is kept; the next run goes on from here.")
        return 130
    console.print(_table(toolchain, progress.durations))
    console.print(f"PATH={toolchain.bin}\nreleases {toolchain.releases}\nimages   {toolchain.registry}")
    return 0


def _table(toolchain: Toolchain, durations: dict[str, float]) -> Table:
    recipe = load()
    table = Table("tool", "version", "use", "size", "built in")
    for tool in recipe.tool:
        programs = [toolchain.bin / program for program in tool.programs]
        size = sum(program.stat().st_size for program in programs if program.exists())
        took = durations.get(tool.title)
        table.add_row(
            tool.name,
            tool.version,
            tool.use,
            _megabytes(size) if size else "",
            f"{took:.0f} s" if took is not None else "",
        )
    table.add_section()
    table.add_row("images", f"{len(recipe.image)}", "registry", _megabytes(_size(toolchain.registry)), "")
    table.add_row("releases", "", "files", _megabytes(_size(toolchain.releases)), "")
    return table


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
