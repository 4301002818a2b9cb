"""Policies as code of the program, run by Pulumi; the fleet's own are in fleet/repository/policies."""
