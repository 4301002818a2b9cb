"""Measures the management cluster's controllers with many clusters: `make bench-fleet CLUSTERS=100`."""
