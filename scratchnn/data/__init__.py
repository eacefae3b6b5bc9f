"""Where numbers come from: sources, features, splits, synthetic sets. Knows no network."""
