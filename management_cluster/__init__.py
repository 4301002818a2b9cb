"""What must run on the management cluster before Git can take over: the Cluster API providers, Flux, the hand-off."""
