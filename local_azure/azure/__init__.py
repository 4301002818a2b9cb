"""Azure's control plane, simulated: Azure Resource Manager and Entra ID on one address, for this machine only.

What it answers is meant to be what Azure answers; docs/local-azure.md lists every behaviour and where it differs.
"""
