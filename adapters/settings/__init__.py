"""The settings: their names, kinds and ranges, and where they come from."""
