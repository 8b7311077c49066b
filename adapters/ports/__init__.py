"""What inner and outer rooms agree on: the clock, the faults, the ports of engines. Knows no other room."""
