"""What operators see of a running program: its log lines, and what must not stand in them."""
