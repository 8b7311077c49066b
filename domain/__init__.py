"""The inner ring: the rules of the quota ledger, pure values and functions without library, disk, clock or chance."""
