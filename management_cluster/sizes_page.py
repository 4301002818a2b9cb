"""The table of docs/how-to/size-and-availability.md: `python -m management_cluster.sizes_page` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from management_cluster.sizes import SIZES, Share


def table() -> str:
    """Markdown: a line for each controller and share, the smallest fleet first; sizes with the same share are one."""
    return "\n".join(["| Controller | Clusters | CPU | Memory | At most | Told | From |", "|---" * 7 + "|", *_rows()])


def _rows() -> Iterator[str]:
    for name, shares in SIZES.items():
        for share, sizes in groupby(shares, key=shares.__getitem__):
            numbers = ", ".join(str(size) for size in sizes)
            memory = f"{share.memory} | {share.most_memory}"
            yield f"| {name} | {numbers} | {share.cpu} | {memory} | {_told(share)} | {share.source} |"


def _told(share: Share) -> str:
    return ", ".join(f"`{key}={value}`" for key, value in share.told.items())


if __name__ == "__main__":
    print(table())
