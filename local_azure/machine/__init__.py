"""What the local Azure does to this machine: processes, network, certificates, DNS; and how all of it goes away."""
