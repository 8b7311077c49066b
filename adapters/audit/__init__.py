"""Log and files compared: what is missing, changed or unknown."""
