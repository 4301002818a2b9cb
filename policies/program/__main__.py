"""What the Pulumi engine starts: serves the rules as a policy pack until the engine ends."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the engine runs this folder, not the project

from pulumi_policy import PolicyPack

from policies.program import marks
from policies.program.pack import policies

marks.keep()
PolicyPack("slipway", policies())
