"""The organisation's own prices, from prices.yaml at the top of the fleet repository, where it has one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from external.command import ExternalError
from fleet.plan.azure import MANAGED_CLUSTER, Cluster

FILE: Final = "prices.yaml"


class Prices(BaseModel):
    """What a month costs.

    Attributes:
        currency: as it is shown, such as EUR.
        nodes: of one node, by its size.
        tiers: of one cluster, by the pricing tier of AKS.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str
    nodes: dict[str, NonNegativeFloat] = {}
    tiers: dict[str, NonNegativeFloat] = {}

    def month(self, cluster: Cluster | None) -> float:
        """Of a cluster, what has no price left out."""
        if cluster is None:
            return 0
        managed = [each for each in cluster.resources.values() if each.kind == MANAGED_CLUSTER]
        tiers = sum(self.tiers.get(str(each.properties.get("sku.tier")), 0) for each in managed)
        return tiers + sum(pool.count * self.nodes.get(pool.size, 0) for pool in cluster.pools)

    def missing(self, cluster: Cluster) -> set[str]:
        """Sizes of nodes that have no price."""
        return {pool.size for pool in cluster.pools if pool.size not in self.nodes}


def read(root: Path) -> Prices | None:
    """The prices of a repository; None where it has none.

    Raises:
        ExternalError: the file is malformed; says where.
    """
    try:
        return Prices.model_validate(yaml.safe_load((root / FILE).read_text()))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ExternalError(f"{FILE}: {where}: {first['msg']}; it has currency, nodes and tiers") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExternalError(f"{FILE} is no YAML: {' '.join(str(error).split())}") from None
