"""What the pipelines of this repository run, as commands for people too: preview, up, drift, teardown."""
