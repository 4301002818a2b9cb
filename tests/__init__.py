"""The specification of Slipway: unit/ first, e2e/ (the main job on this machine) last."""
