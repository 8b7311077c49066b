"""How a command reaches the ledger: the log of this machine's root, or the service that holds it."""
