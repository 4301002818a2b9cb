"""The Azure side of a management cluster: settings, names, network, identities, AKS. Nothing here knows Cluster API."""
