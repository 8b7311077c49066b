"""The commands that take a root elsewhere or bring one in: backup, restore, import, export, adopt."""
