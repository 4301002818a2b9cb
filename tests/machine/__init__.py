"""Tests with real clusters on this machine: root and the built toolchain are needed."""
