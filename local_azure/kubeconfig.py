"""One kubeconfig for people: a context for each cluster of the local Azure, with its administrator's certificate."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from local_azure.environment import KUBECONFIG


def write(admin_kubeconfigs: Mapping[str, str], current: str) -> None:
    """Write the contexts `name → kubeconfig (YAML)` into one file, 0600, with `current` selected."""
    merged: dict[str, object] = {"apiVersion": "v1", "kind": "Config", "current-context": current}
    clusters, users, contexts = [], [], []
    for name, text in sorted(admin_kubeconfigs.items()):
        one = yaml.safe_load(text)
        clusters.append({"name": name, "cluster": one["clusters"][0]["cluster"]})
        users.append({"name": name, "user": one["users"][0]["user"]})
        contexts.append({"name": name, "context": {"cluster": name, "user": name}})
    merged.update(clusters=clusters, users=users, contexts=contexts)
    partial = KUBECONFIG.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(yaml.safe_dump(merged, sort_keys=False))
    partial.replace(KUBECONFIG)
