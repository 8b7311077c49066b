"""Which IP addresses belong to the public Internet: the only ones to which an address from a stranger may lead.

Answers for one address at a time, and where in doubt with no. Who asks, and what a name resolves to, is not its matter.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NOT_PUBLIC_V4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; Oracle's cloud answers its machines there
    IPv4Network("192.88.99.0/24"),  # the former relays of 6to4
    IPv4Network("168.63.129.16/32"),  # Azure answers its machines there
)
"""What `ipaddress` calls global, in this or that version of Python, and what is not a host of the public Internet."""
UNICAST_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4: stands for any IPv4 address
    IPv6Network("3fff::/20"),  # documentation
)
NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network has IPv6 alone, this is how it names a public IPv4 address (RFC 6052, section 2.1)."""


def is_public(address: str) -> bool:
    """Whether this is the plain spelling of a public unicast address; False for whatever is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_v6(parsed) if isinstance(parsed, IPv6Address) else _is_public_v4(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address in NAT64:
        return _is_public_v4(IPv4Address(address.packed[-4:]))
    if address not in UNICAST_V6 or not address.is_global:
        return False
    return not any(address in network for network in NOT_PUBLIC_V6)
