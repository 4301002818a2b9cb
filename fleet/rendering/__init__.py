"""Renders a fleet repository as Flux would, by Flux itself; needs no cluster.

    with checkout(Path("~/fleet").expanduser(), revision="main") as fleet:   # or no revision: the folder as it is
        rendering = render(fleet)
    rendering.items                # every object, with the file, directory and Kustomization it comes from
    rendering.environments         # ("dev", "staging", "production"), in their order of promotion
    rendering.waves                # (Wave("dev-canary", "dev", "canary"), …), in the order of a release
    rendering.clusters             # the requests: {"environments/dev/clusters/first": Request(environment, items, …)}
    rendering.failures             # what does not render, each with its directory; the others are not hindered

- What is rendered: the root `management/`, and every Flux Kustomization found from there whose source is the fleet
  repository, whatever it is for. Kustomizations that are applied to workload clusters are rendered once per
  environment, for its first cluster (`on_clusters=False` leaves them out).
- What only the management cluster knows (ConfigMap runtime-info, Secret fleet-git-values) is `PLACEHOLDERS`, unless
  `values` has it.
- Directories of requests are built in groups, a group that fails in halves, so that each failure is told of one
  directory. What a checkout does not need is not built, for one changed cluster among a thousand.
- A checkout is a copy: links, files outside, and files that are too large are left out of it and told in `refused`.
  YAML that cannot be read, or could do harm, is a failure of its directory and never given to a command.
"""

from fleet.rendering.checkout import Checkout, Refused, checkout, committed
from fleet.rendering.fleet import Rendering, Request, render, render_before
from fleet.rendering.flux import Failure, Item
from fleet.rendering.safe_yaml import Text, Unreadable
from fleet.rendering.values import PLACEHOLDERS

__all__ = [
    "PLACEHOLDERS",
    "Checkout",
    "Failure",
    "Item",
    "Refused",
    "Rendering",
    "Request",
    "Text",
    "Unreadable",
    "checkout",
    "committed",
    "render",
    "render_before",
]
