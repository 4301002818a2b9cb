"""A service of the local Azure that does not come up is one message, which names its log."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from local_azure import services
from local_azure.errors import LocalAzureError

NOBODY = IPv4Address("127.255.255.77")


def test_a_service_that_does_not_start_names_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "START_SECONDS", 0.2)
    with pytest.raises(LocalAzureError) as failed:
        services._wait_for("git-server", NOBODY, lambda reason: None)
    assert "git-server did not start" in failed.value.what
    assert "git-server.log" in failed.value.mend
