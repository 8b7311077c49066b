"""The outer ring: everything that touches a disk, a network, a clock or a person."""

import logging

# A program that embeds us hears nothing on its standard output or standard error until it says where log entries go.
logging.getLogger(__name__).addHandler(logging.NullHandler())
