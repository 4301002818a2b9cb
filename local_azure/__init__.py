"""A local Azure: simulated ARM and Entra, real Kubernetes clusters behind every ManagedCluster, Git and a registry."""
