"""Policies as code: of the program (`program`, run by Pulumi) and of the fleet (`admission`, run by Kubernetes)."""
