"""Who may ask over HTTP: tokens, kept by their hashes beside the log, and what each allows."""
