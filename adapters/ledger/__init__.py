"""The ledger: where commands are decided, appended and projected, and how its state is kept in snapshots."""
