"""Whether a host is this machine itself, by its name or its number, and what can be read on the way to others; nothing
is looked up.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

REMEMBERED = 256
"""Hosts that are remembered: most who ask come from few."""


def is_sent_in_clear(address: str) -> bool:
    """Whether a secret that is sent to this address can be read on the way: by http, to another machine."""
    parts = urlsplit(address)
    return parts.scheme == "http" and not is_this_machine(parts.hostname or "")


@lru_cache(maxsize=REMEMBERED)
def is_this_machine(host: str) -> bool:
    """Whether it is `localhost` or a loopback address, such as 127.0.0.1 or ::1 (without brackets)."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
