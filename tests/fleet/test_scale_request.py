"""What `make bench-fleet` merges is what people merge, but for what needs machines."""

from __future__ import annotations

from tests.fleet.rendering import Fleet
from tests.scale import crowd


def test_only_nobody_waits_for_the_agent(fleet: Fleet) -> None:
    crowd.write(fleet.path, "crowd-0001")
    fleet.request("usual")
    rendered = fleet.environment()
    measured, usual = ([each for each in rendered if name in each["metadata"]["name"]] for name in ("crowd-", "usual"))
    assert [each["kind"] for each in measured] == [each["kind"] for each in usual]
    assert [each["spec"].pop("wait", None) for each in measured] == [None, False, False]
    assert [each["spec"].pop("wait", None) for each in usual] == [None, True, True]
    kept = [str(each).replace("crowd-0001", "usual") for each in measured]
    assert kept == list(map(str, usual))
