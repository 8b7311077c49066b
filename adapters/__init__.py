"""The outer ring: everything that touches a disk, a network, a clock or a person."""
