"""What was measured in a span of time, as tables and as CSV."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from local_azure.command import CommandFailed
from local_azure.progress import console
from tests.e2e.local import Local
from tests.scale import counters
from tests.scale.counters import Counters, Counts
from tests.scale.usage import Watch

COLUMNS: Final = (
    *("component", "cores", "at most", "MiB", "own MiB", "requests/s", "elsewhere/s"),
    *("reconciled/s", "seconds", "failed", "queued"),
)
MANAGEMENT: Final = "cluster-1-"
"""How the processes of the management cluster are called: it is the first that is made."""

OWN: Final = re.compile(rf"{MANAGEMENT}(?:apiserver|etcd|controller-manager|scheduler)|azure")
LOOK_SECONDS: Final = 30.0
KEPT_REQUESTS: Final = 50_000
MiB: Final = 2**20


@dataclass
class Span:
    """A span of time (Unix seconds), with the counters at both ends and the longest queues in between."""

    title: str
    start: float
    end: float = 0.0
    before: Mapping[str, Counts] = field(default_factory=dict)
    after: Mapping[str, Counts] = field(default_factory=dict)
    queues: Counter[str] = field(default_factory=Counter)

    def rise(self, pod: str, counter: str) -> float:
        """How much a counter rose; of a pod that started meanwhile, all of it."""
        before, after = (
            counts[pod].get(counter, 0.0) if pod in counts else 0.0 for counts in (self.before, self.after)
        )
        return after - before if after >= before else after


class Measurement:
    """All spans, one after the other, of the local Azure that runs."""

    def __init__(self, local: Local, watch: Watch) -> None:
        self._local = local
        self._watch = watch
        self._counters = Counters(local)
        self._looked = 0.0
        self.rows: list[list[Any]] = []

    @contextmanager
    def span(self, title: str) -> Iterator[Span]:
        """Measure while the block runs, and show what it was."""
        before = self._counters.read()
        span = Span(title, time.time(), before=before)
        yield span
        self.look(span, now=True)
        span.end = time.time()
        self._show(span)

    def look(self, span: Span, *, now: bool = False) -> None:
        """Note the queues; not more often than all half a minute, since that costs, too."""
        if not now and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            span.after = self._counters.read()
        except CommandFailed:  # the API server is busy
            return
        for pod, counts in span.after.items():
            span.queues[pod] = max(span.queues[pod], int(counts[counters.WAITING]))

    def write(self, path: Path) -> None:
        """All of it as CSV."""
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("span", *COLUMNS), *self.rows])

    def _show(self, span: Span) -> None:
        table = Table(title=f"{span.title}, {span.end - span.start:.0f} s", box=None)
        for number, column in enumerate(COLUMNS):
            table.add_column(column, no_wrap=True, justify="right" if number else "left")
        for row in self._lines(span):
            self.rows.append([span.title, *row])
            table.add_row(*map(str, row))
        console.print(table)
        console.print(self._azure(span))

    def _lines(self, span: Span) -> Iterator[list[Any]]:
        """A line for each Deployment, of its busiest pod, then for each process; other clusters' ones in one."""
        used = self._watch.between(span.start, span.end)
        seconds = span.end - span.start
        deployments: dict[str, str] = {}
        for pod in sorted(used, key=lambda pod: used[pod].cores):
            if match := re.fullmatch(r"(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}", pod):
                deployments[match[1]] = pod
        names = {**dict(sorted(deployments.items())), **{name: name for name in sorted(used) if OWN.fullmatch(name)}}
        for name, pod in names.items():
            use, reconciled = used[pod], span.rise(pod, counters.RECONCILED)
            yield [
                *(name, f"{use.cores:.3f}", f"{use.peak_cores:.2f}", use.memory // MiB, use.own // MiB),
                f"{span.rise(pod, counters.REQUESTS) / seconds:.1f}",
                f"{span.rise(pod, counters.ELSEWHERE) / seconds:.1f}",
                f"{reconciled / seconds:.1f}",
                f"{span.rise(pod, counters.RECONCILING) / reconciled:.2f}" if reconciled else "",
                int(span.rise(pod, counters.FAILED)),
                span.queues[pod],
            ]
        others = [use for name, use in used.items() if re.match(r"cluster-\d+-", name) and MANAGEMENT not in name]
        memory, own = (sum(bytes) // MiB for bytes in zip(*((use.memory, use.own) for use in others), strict=True))
        yield ["all other clusters", f"{sum(use.cores for use in others):.3f}", "", memory, own, *[""] * 6]

    def _azure(self, span: Span) -> str:
        """What reached the simulated ARM, and how the management cluster's API server did."""
        found = [
            each
            for each in self._local.requests(span.start, limit=str(KEPT_REQUESTS))
            if each["time"] <= span.end and each["path"].startswith("/subscriptions/")
        ]
        writes = [each for each in found if each["method"] in ("PUT", "PATCH", "DELETE")]
        by_minute = Counter(int(each["time"] - span.start) // 60 for each in writes)
        refused = Counter(each["status"] for each in found if each["status"] >= 400)
        kinds = Counter(f"{each['method']} {kind_of(each['path'])}" for each in found)
        api = counters.API_SERVER
        answered = span.rise(api, counters.ANSWERED)
        seconds = span.end - span.start
        return (
            f"ARM: {len(found)} requests, {len(found) / seconds:.1f} a second, {len(writes) / seconds:.1f} of them "
            f"writes, at most {max(by_minute.values(), default=0) / 60:.1f} in a minute; "
            f"{_mean([each['seconds'] for each in found]):.3f} s each; refused {dict(refused)}\n"
            f"     {', '.join(f'{kind} {count / seconds:.2f}/s' for kind, count in kinds.most_common(8))}\n"
            f"API server: {answered / seconds:.0f} requests a second, "
            f"{span.rise(api, counters.ANSWERING) / max(answered, 1) * 1000:.0f} ms each, "
            f"{span.rise(api, counters.REFUSED):.0f} refused\n"
        )


def kind_of(path: str) -> str:
    """What a path of ARM is about, such as managedClusters/agentPools."""
    parts = path.strip("/").split("/")
    return "/".join(parts[parts.index("providers") + 2 :: 2]) if "providers" in parts else parts[-2]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
