"""What the program asks of others (clusterctl, flux, git, Kubernetes APIs), and how it reports on it."""
