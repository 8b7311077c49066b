"""The settings: their names, kinds and ranges, and the places they come from."""
