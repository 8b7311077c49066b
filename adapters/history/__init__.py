"""What was, and why: the log read again, as of a time, as a story, as an explanation, or under other limits."""
