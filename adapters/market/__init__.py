"""Purchases that are paid outside: an offer of the market for an amount of a currency that another service keeps."""
