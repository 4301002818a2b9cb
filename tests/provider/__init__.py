"""The stand-in azure-native provider on the real Pulumi engine, against the simulator."""
