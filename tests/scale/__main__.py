"""`make bench-fleet CLUSTERS=100 REPORT=figures.csv`: prints figures, asserts nothing.

On the running local Azure, whose controllers get the share of such a fleet. Afterwards the clusters are removed; the
share stays until the next `make local`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import get_args

from infra.controller_settings import FleetSize
from local_azure.progress import Progress, console
from tests.e2e.local import CHECKOUT, Local
from tests.scale import counters
from tests.scale.crowd import Crowd
from tests.scale.figures import Measurement
from tests.scale.usage import Watch


def main() -> None:
    """Run one measurement."""
    options = _options()
    local, progress = Local(), Progress()
    crowd = Crowd(local, options.clusters)
    size = next(size for size in get_args(FleetSize) if size >= options.clusters)
    with progress.step(f"controllers for a fleet of {size}"):
        give_share(local, size)
    with Watch(lambda: {each["metadata"]["uid"]: each["metadata"]["name"] for each in counters.pods(local)}) as watch:
        measurement = Measurement(local, watch)
        try:
            run(options, crowd, measurement, progress)
        finally:
            if options.report:
                measurement.write(options.report)


def run(options: argparse.Namespace, crowd: Crowd, measurement: Measurement, progress: Progress) -> None:
    """Before, creation, steady state, deletion."""
    with progress.step("a minute before"), measurement.span("before"):
        time.sleep(60)
    with progress.step(f"{options.clusters} clusters are made") as waiting, measurement.span("creation") as span:

        def look(reason: str) -> None:
            waiting(reason)
            measurement.look(span)

        crowd.request()
        crowd.wait_available(look, options.patience)
        crowd.wait_applied(look, options.patience)
    took = [when - span.start for when in crowd.available_since()]
    console.print(f"available after the merge: half {took[len(took) // 2]:.0f} s, all {took[-1]:.0f} s")
    with progress.step("a minute to settle"):
        time.sleep(60)
    with progress.step("nothing changes") as waiting, measurement.span("steady") as span:
        until = time.monotonic() + options.minutes * 60
        while time.monotonic() < until:
            measurement.look(span)
            time.sleep(5)
    if not options.keep:
        with progress.step("they are deleted") as waiting, measurement.span("deletion"):
            crowd.remove(waiting, options.patience)


def give_share(local: Local, size: int) -> None:
    """`pulumi up` with the share of a fleet of this size; the stack's own file stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        file = shutil.copy(CHECKOUT / "Pulumi.local.yaml", folder)
        words = ["up", "--yes", "--skip-preview", "--non-interactive", "--config-file", file]
        local.run("pulumi", *words, "--config", f"slipway:fleetSize={size}", timeout=900)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.scale", description=__doc__)
    parser.add_argument("clusters", type=int, choices=range(1, 701), metavar="CLUSTERS", help="1 to 700")
    parser.add_argument("--report", type=Path, help="write the figures as CSV, too")
    parser.add_argument("--minutes", type=float, default=4, help="of steady state; slipway:driftPeriod is 1 there")
    parser.add_argument("--patience", type=float, default=1800, help="seconds for the creation, and for the deletion")
    parser.add_argument("--keep", action="store_true", help="leave the clusters")
    return parser.parse_args()


if __name__ == "__main__":
    main()
