"""A stand-in for Pulumi's azure-native provider that only ever talks to the local Azure.

It serves the same tokens to the same SDK (`pulumi-azure-native`), but it is not Pulumi's plugin;
docs/azure-native-stand-in.md says what differs. `catalogue` lists the types, `generate` turns Microsoft's SDK
models into a table, `install` installs it, `provider` answers the engine.
"""

VERSION = "3.29.0"
"""Of the SDK whose tokens are served; `pulumi` looks for a plugin of exactly this version."""
