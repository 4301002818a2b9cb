"""What is kept of an imported resource: what the program speaks of, with Azure's values."""

from __future__ import annotations

import pytest

from infra.adoption import IDS, in_shape


@pytest.mark.parametrize(
    ("live", "wanted", "kept"),
    [
        ({"tier": "Free", "enableRBAC": True}, {"tier": "Free"}, {"tier": "Free"}),
        ({"count": 5}, {"count": 3}, {"count": 5}),  # a real difference stays, so that the next preview shows it
        ({"pools": [{"name": "a", "maxPods": 250}]}, {"pools": [{"name": "a"}]}, {"pools": [{"name": "a"}]}),
        ({"zones": ["1", "2"]}, {"zones": ["1"]}, {"zones": ["1", "2"]}),
        ({}, {"tags": {"a": "b"}}, {}),
    ],
)
def test_defaults_go_and_differences_stay(live: object, wanted: object, kept: object) -> None:
    assert in_shape(live, wanted) == kept


def test_ids_are_whole_arm_ids() -> None:
    beginnings = ("/subscriptions/{subscription}/", "{scope}/providers/", "{resourceUri}/providers/")
    assert all(each.startswith(beginnings) for each in IDS.values())
