"""Nothing of a local Azure stays behind, whatever state it is in when it is removed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from local_azure.clusters import Clusters, PoolSpec
from local_azure.environment import PULUMI_STATE
from local_azure.instance import RUN, STATE
from local_azure.machine import azure_dns, cleanup, network, processes, registry
from local_azure.toolchain import Toolchain
from tests.machine.cluster import listing, spec


def traces() -> set[str]:
    """All that a local Azure could have left on this machine."""
    return (
        listing("ip -oneline link | cut -d: -f2")
        | listing("ip netns list")
        | listing("cut -d' ' -f2 /proc/self/mounts")
        | listing("find /sys/fs/cgroup -type d -path '*slipway*'")
        | listing("find /var/lib/slipway /run/slipway /run/netns /run/containerd /var/lib/cni /var/lib/kubelet")
        | listing("find /opt /usr/libexec/kubernetes /var/log/pods /var/log/containers /run/kubernetes")
        | listing("iptables-save -t nat | grep ^-A")
        | listing("ps -eo args | grep -E '[/](run|var/lib)/slipway'")
    )


def kill_every_process() -> None:
    for name in processes.names():
        process = processes.recorded(name)
        if process is not None and process.alive:
            os.kill(process.pid, signal.SIGKILL)


def lose_the_records() -> None:
    for record in processes.RECORDS.iterdir():
        record.unlink()


def do_nothing() -> None:
    pass


@pytest.mark.parametrize("mishap", [do_nothing, kill_every_process, lose_the_records])
def test_everything_is_removed(services: None, tools: Toolchain, mishap: Callable[[], None]) -> None:
    cleanup.remove_everything()
    before = traces()
    for folder in (STATE, RUN):
        folder.mkdir(parents=True, mode=0o700)
    network.ensure_bridge()
    azure_dns.start(tools.bin)
    registry.start(tools.bin, tools.registry)
    clusters = Clusters(tools.bin)
    clusters.create(spec("one"))
    clusters.set_pool(spec("one").resource_id, PoolSpec("system", 2))
    assert traces() > before
    mishap()
    cleanup.remove_everything()
    assert traces() == before


def test_a_deleted_cluster_leaves_nothing(services: None, tools: Toolchain) -> None:
    network.ensure_bridge()
    azure_dns.start(tools.bin)
    registry.start(tools.bin, tools.registry)
    clusters = Clusters(tools.bin)
    clusters.create(spec("one"))
    clusters.set_pool(spec("one").resource_id, PoolSpec("system", 1))
    clusters.delete(spec("one").resource_id)
    assert {
        line for line in traces() if re.search(r"slipway-1-|slipway/(1|clusters/1)|cluster-1-|/1-n0", line)
    } == set()
    assert spec("one").fqdn not in azure_dns.published()


def test_removing_nothing_is_fine(services: None) -> None:
    cleanup.remove_everything()
    assert str(cleanup.remove_everything()) == "there was nothing to remove"


def test_a_server_of_dynamic_providers_whose_engine_was_killed_goes(services: None) -> None:
    """Only that of a Pulumi that has its state in the local Azure."""
    serve = [sys.executable, "-m", "pulumi.dynamic", "127.0.0.1:1"]
    ours, others = (
        subprocess.Popen(serve, env={**os.environ, "PULUMI_BACKEND_URL": f"file://{folder}"}, stdout=subprocess.DEVNULL)
        for folder in (PULUMI_STATE, "/somewhere/else")
    )
    try:
        assert cleanup.kill_processes() > 0
        assert ours.wait(5) == -signal.SIGKILL
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()
