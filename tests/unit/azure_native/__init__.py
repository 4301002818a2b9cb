"""The stand-in azure-native provider without an engine: its table, its translation, its talk with Azure."""
