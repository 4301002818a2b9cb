"""What the fleet survives, on real controllers: `make test-faults`, one line per fault of docs/faults.md."""
