"""The commands that ask what was, why, and what would have been under other limits."""
