"""The local Azure's language host for Python: how the Pulumi engine starts programs, plugins and policy packs.

Upstream's host is published in no registry in a release that fits the engine. This one is written from the
documentation of the protocol, which is in the stubs of the `pulumi` package:
https://github.com/pulumi/pulumi/blob/v3.230.0/proto/pulumi/language.proto
"""
