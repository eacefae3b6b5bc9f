"""The config: one schema, read from YAML with positions, overridden, explained."""
