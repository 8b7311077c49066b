"""The inner ring: the rules of the quota ledger as pure values and functions, with no library, disk, clock or chance."""
