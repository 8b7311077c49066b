"""From where a service may be asked: what the settings add up to, and what is believed of a proxy's word."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from adapters.network.reach import Believed, Forwarded, Reach

NEAR, PROXY = (ip_network("127.0.0.1"),), (ip_network("10.0.0.0/24"), ip_network("fd00::/8"))

WAYS = {
    # as the settings say: (starts without tokens, starts with tokens), and the setting that the sentence names
    "this machine": (Reach(), (True, True), ""),
    "another name of it": (Reach("localhost", "http://127.0.0.1:8080"), (True, True), ""),
    "every address": (Reach("0.0.0.0"), (False, False), "HTTP_TRUSTED_PROXIES"),
    "every address of IPv6": (Reach("::"), (False, False), "HTTP_TRUSTED_PROXIES"),
    "one that others reach": (Reach("192.168.0.5"), (False, False), "HTTP_TRUSTED_PROXIES"),
    "a name": (Reach("abby.lan"), (False, False), "HTTP_TRUSTED_PROXIES"),
    "behind a proxy elsewhere": (Reach("0.0.0.0", "https://abby.example", PROXY), (False, True), "HTTP_ACCESS"),
    "behind a proxy here": (Reach("127.0.0.1", "https://abby.example", NEAR), (False, True), "HTTP_ACCESS"),
    "behind one, with no name": (Reach(proxies=NEAR), (False, True), "HTTP_ACCESS"),
    "a name, and no proxy": (Reach(public_url="https://abby.example"), (False, False), "HTTP_TRUSTED_PROXIES"),
    "a name without TLS": (Reach("0.0.0.0", "http://abby.lan", PROXY), (False, False), "PUBLIC_URL"),
    "a network that is trusted": (Reach("0.0.0.0", "http://abby.lan", allows_plain=True), (False, True), "HTTP_ACCESS"),
}


@pytest.mark.parametrize(("reach", "starts", "named"), WAYS.values(), ids=WAYS.keys())
def test_other_machines_need_tokens_and_tls(reach: Reach, starts: tuple[bool, bool], named: str) -> None:
    """What may not be opened says which setting it is about; what may says what is open to whom."""
    for needs_token, may in zip((False, True), starts, strict=True):
        why = reach.why_not(needs_token=needs_token)
        assert (why is None) is may
        says = reach.says(needs_token=needs_token)
        assert ("this machine alone" in says) is reach.is_local
        assert ("reads tokens" in says) is reach.allows_plain
    why = reach.why_not(needs_token=not any(starts)) or ""
    assert named in why


SAID = {
    # peer, X-Forwarded-For, -Proto, -Host: who is believed to ask
    "nobody's word": ("203.0.113.9", ["198.51.100.1"], ["https"], ["a"], Believed("203.0.113.9", ignored="no proxy")),
    "no word": ("10.0.0.2", [], [], [], Believed("10.0.0.2")),
    "a proxy's": ("10.0.0.2", ["198.51.100.1"], ["https"], [], Believed("198.51.100.1", True, None, True)),
    "the nearest that is not trusted": (
        "10.0.0.2",
        ["6.6.6.6, 198.51.100.1 ", "10.0.0.9"],
        ["http, https"],
        ["evil, abby.example"],
        Believed("198.51.100.1", True, "abby.example", True),
    ),
    "all are trusted": ("10.0.0.2", ["10.0.0.3,10.0.0.4"], ["https"], [], Believed("10.0.0.3", True, None, True)),
    "with ports": ("fd00::1", ["[2001:db8::1]:443"], ["https"], [], Believed("2001:db8::1", True, None, True)),
    "IPv4 as IPv6 writes it": ("::ffff:10.0.0.2", ["1.2.3.4:5"], ["https"], [], Believed("1.2.3.4", True, None, True)),
    "no address": (
        "10.0.0.2",
        ["198.51.100.1, unknown"],
        ["https"],
        [],
        Believed("10.0.0.2", True, None, True, "X-Forwarded-For"),
    ),
    "behind what is no address": (
        "10.0.0.2",
        ["x, 10.0.0.3"],
        ["https"],
        [],
        Believed("10.0.0.3", True, None, True, "X-Forwarded-For"),
    ),
    "no scheme": ("10.0.0.2", ["1.2.3.4"], [], [], Believed("1.2.3.4", False, None, True, "X-Forwarded-Proto")),
    "another scheme": ("10.0.0.2", ["1.2.3.4"], ["wss"], [], Believed("1.2.3.4", False, None, True, "X-Forwarded-P")),
    "not by TLS": ("10.0.0.2", ["1.2.3.4"], ["https,http"], [], Believed("1.2.3.4", False, None, True)),
}


@pytest.mark.parametrize(("peer", "addresses", "schemes", "hosts", "expected"), SAID.values(), ids=SAID.keys())
def test_a_proxys_word_is_believed_up_to_the_first_that_is_not_trusted(
    peer: str, addresses: list[str], schemes: list[str], hosts: list[str], expected: Believed
) -> None:
    """What is malformed is ignored, and told."""
    believed = Reach(proxies=PROXY).believed(peer, Forwarded(addresses, schemes, hosts))
    assert believed._replace(ignored=None) == expected._replace(ignored=None)
    assert (believed.ignored or "").startswith(expected.ignored or "\0") is (expected.ignored is not None)
    assert (believed.ignored is None) is (expected.ignored is None)


def test_a_long_chain_is_looked_through_so_far() -> None:
    """And no further."""
    chain = ", ".join(["1.2.3.4", *["10.0.0.3"] * 100_000])
    assert Reach(proxies=PROXY).believed("10.0.0.2", Forwarded([chain], ["https"])).address == "10.0.0.3"
