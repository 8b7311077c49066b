"""Which addresses are public: the edges of every range that is not, and what hides an IPv4 address within IPv6."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.network.public_addresses import is_public

PUBLIC = [
    "1.1.1.1",
    "162.159.135.233",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "168.63.129.15",
    "223.255.255.255",
    "2606:4700::6810:1",
    "2a00:1450:4001:830::200e",
    "2001:200::1",
    "64:ff9b::a29f:87e9",
]
NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.1", "192.0.0.9", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1", "3fff::1"),
    *("::127.0.0.1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::ffff:0:127.0.0.1"),
    *("2002:7f00:1::", "2002:101:101::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1", "2001:20::1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::101:101", "64:ff9b:0:0:1::101:101"),
    *("2606:4700::6810:1%1", "fe80::1%lo", "4000::1", "5f00::1"),
]
NO_ADDRESS = [
    "",
    "localhost",
    "2130706433",
    "0x7f000001",
    "127.1",
    "0177.0.0.1",
    "1.1.1.1 ",
    "[::1]",
    "1.1.1",
    "\uff11.1.1.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_host_of_the_public_internet_is_public(address: str) -> None:
    """Also the neighbours of what is not, and an IPv4 address as a network without IPv4 names it."""
    assert is_public(address)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, *NO_ADDRESS])
def test_all_else_is_not(address: str) -> None:
    """Private, local, shared, documented, multicast, reserved, cloud-internal, embedded, and no address at all."""
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_nat64_is_judged_by_what_it_embeds(address: IPv4Address) -> None:
    """Neither more nor less is reached through a translator than without one."""
    assert is_public(f"64:ff9b::{address}") is is_public(str(address))
    assert not is_public(f"::ffff:{address}")
