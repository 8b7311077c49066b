"""An image is fetched from a listed public host, and whatever else its address says, nothing else is reached."""

from __future__ import annotations

import asyncio
import io
import re
import socket
from importlib import import_module
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from adapters.generation.image_url import (
    HOST_FAILED,
    LONGEST_ADDRESS,
    REFUSED,
    ImageFetcher,
    Resolve,
)
from adapters.library.image_generator import ImageGenerator
from tests.adapters.generation.in_memory_providers import InMemoryProvider
from tests.adapters.generation.making import png
from tests.adapters.generation.public_internet import (
    DISCORD,
    GOOD,
    HOSTS,
    OTHER_PUBLIC,
    PATH,
    PUBLIC,
    PublicInternet,
    answer,
    fetched,
)
from tests.hostile.rows import Row, rows, scenarios, sendable

PNG = png()


def makes_ipv6_sockets() -> bool:
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return False
    return True


IPV6 = makes_ipv6_sockets()


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, kind)
    return buffer.getvalue()


# What is fetched


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("named", ["image/png", "application/octet-stream", "text/html"])
async def test_a_picture_comes_whole_whatever_it_is_called(kind: str, named: str) -> None:
    """The bytes decide."""
    assert await fetched(answer(picture(kind), f"Content-Type: {named}")) == picture(kind)


async def test_the_request_goes_to_the_looked_up_address_with_the_signature_and_the_hosts_name() -> None:
    """Once looked up, once connected, on port 443, certificate and request for the host, the query as it was given."""
    async with PublicInternet(answer(PNG)).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) == PNG
    assert internet.names == [DISCORD]
    assert internet.connected == [(PUBLIC, 443)]
    assert internet.asked_for == [DISCORD]
    head = internet.heard[0].decode()
    assert head.startswith(f"GET {PATH} HTTP/1.1\r\nHost: {DISCORD}\r\n")
    assert "Accept-Encoding: identity\r\n" in head


@pytest.mark.skipif(not IPV6, reason="this machine makes no IPv6 sockets")
@pytest.mark.parametrize("address", ["2606:4700::6810:1", "64:ff9b::a29f:87e9"])
async def test_a_public_address_may_be_of_the_sixth_version(address: str) -> None:
    """Its own, or one that stands for an IPv4 address where a network has none."""
    async with PublicInternet(answer(PNG), [address]).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) == PNG
    assert internet.connected == [(address, 443)]


async def test_two_fetches_share_nothing() -> None:
    """A cookie of the first is not sent with the second, and its connection is not used again."""
    async with PublicInternet(answer(PNG, "Set-Cookie: a=b", "Connection: keep-alive")).serving() as internet:
        fetcher = internet.fetcher()
        assert [await fetcher.fetch(GOOD), await fetcher.fetch(GOOD)] == [PNG, PNG]
    assert len(internet.connected) == 2
    assert b"cookie" not in internet.heard[1].lower()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (f"HTTPS://CDN.DiscordApp.com{PATH}", PATH),
        (f"https://{DISCORD}:443/a.png#top", "/a.png"),
        (f"https://{DISCORD}?a=/..//b?c", "/?a=/..//b?c"),
        (f"https://{DISCORD}/a/../b//c", "/a/../b//c"),
        (f"https://{DISCORD}//127.0.0.1/", "//127.0.0.1/"),
    ],
)
async def test_other_spellings_of_a_listed_address_lead_to_the_same_host(url: str, asked: str) -> None:
    """Case, in the list too, and the port itself change nothing; what is asked for is sent as it was written."""
    async with PublicInternet(answer(PNG)).serving() as internet:
        assert await internet.fetcher([host.title() for host in HOSTS]).fetch(url) == PNG
    assert internet.asked_for == internet.names == [DISCORD]
    assert internet.heard[0].decode().splitlines()[0] == f"GET {asked} HTTP/1.1"


async def test_a_listed_name_is_asked_for_as_it_is_written() -> None:
    """A name that stands for other letters is not turned into them."""
    name = "xn--bcher-kva.example"
    async with PublicInternet(answer(PNG), certified=name).serving() as internet:
        assert await internet.fetcher([name]).fetch(f"https://{name}/") == PNG
    assert internet.asked_for == internet.names == [name]


@pytest.mark.parametrize(("length", "taken"), [(LONGEST_ADDRESS, True), (LONGEST_ADDRESS + 1, False)])
async def test_an_address_has_a_longest_length(length: int, *, taken: bool) -> None:
    """On the bound and one over."""
    url = f"https://{DISCORD}/".ljust(length, "a")
    assert await fetched(answer(PNG), url) == (PNG if taken else REFUSED)


async def test_a_good_address_is_an_input_of_image_to_image_and_upscale() -> None:
    """The provider gets the bytes; what it gets is what bytes of the caller's would be."""
    provider = InMemoryProvider()
    async with PublicInternet(answer(PNG)).serving() as internet:
        generator = ImageGenerator(provider=provider, fetcher=internet.fetcher())
        changed = await generator.image_to_image(GOOD, "a quiet place")
        grown = await generator.upscale_image(GOOD, width=160)
        await generator.aclose()
    assert (changed[0], grown[0]) == (True, True), (changed[2], grown[2])
    assert [request.image for request in provider.asked] == [PNG, PNG]


# What is refused before anything connects


def over_https(row: Row) -> str:
    return re.sub(r"^([a-z]+:)?/*", "https://", row.input)


async def refused(url: str, internet: PublicInternet, hosts: tuple[str, ...] = HOSTS) -> None:
    async with internet.serving():
        assert await internet.fetcher(hosts).fetch(url) is REFUSED
    assert internet.connected == []


@pytest.mark.parametrize("row", sendable("ssrf"), ids=lambda row: row.id)
async def test_a_hostile_address_is_refused_without_a_look_up(row: Row) -> None:
    """As it is, and with the one scheme that is taken; each gives the same answer."""
    for url in (row.input, over_https(row)):
        internet = PublicInternet(answer(PNG))
        await refused(url, internet)
        assert internet.names == []


@pytest.mark.parametrize("row", sendable("ssrf"), ids=lambda row: row.id)
async def test_a_hostile_address_is_refused_even_where_its_host_is_listed(row: Row) -> None:
    """A list that names an inner host opens nothing: what it resolves to is not public, and a number is no name."""
    url = over_https(row)
    internet = PublicInternet(answer(PNG), ["169.254.169.254"])
    await refused(url, internet, (urlsplit(url).hostname or "",))
    assert set(internet.names) <= {"metadata.google.internal", "etc", "x"}


NOT_LISTED = {
    "no address": [
        "",
        " ",
        "https://",
        "https:",
        "https:///",
        f"{DISCORD}/a.png",
        "data:image/png;base64,iVBORw0KGgo=",
    ],
    "other schemes": [f"{scheme}{DISCORD}/" for scheme in ("//", "http://", "wss://", "ftp://", "http\u017f://")],
    "odd slashes": [f"{start}{DISCORD}/" for start in ("https:", "https:/", "https:///", "https:\\\\", "https:/\\")],
    "users": [
        f"https://{user}@{DISCORD}/" for user in ("", "a", "a:b", ":", "127.0.0.1\\", "127.0.0.1#", "127.0.0.1/")
    ],
    "users that look like a host": [
        f"https://{DISCORD}{end}" for end in ("@127.0.0.1/", "\\@127.0.0.1/", ":443@[::1]/")
    ],
    "ports": [
        f"https://{DISCORD}:{port}/" for port in ("", "0", "22", "80", "0443", "4433", "8443", "443:443", "+443")
    ],
    "names around a listed one": [
        f"https://{name}/"
        for name in (
            f".{DISCORD}",
            f"{DISCORD}.",
            f"a.{DISCORD}",
            f"{DISCORD}.evil.example",
            f"{DISCORD};a",
            f"xn--{DISCORD}",
        )
    ],
    "other names": [
        f"https://{name}/" for name in ("discordapp.com", "cdn-discordapp.com", "localhost", "127.0.0.1.nip.io")
    ],
    "escapes in a name": [
        f"https://{name}/" for name in ("cdn%2ediscordapp.com", f"{DISCORD}%00", f"{DISCORD}%2eexample")
    ],
    "letters that look alike": [
        f"https://{name}/"
        for name in (
            "cdn\u3002discordapp.com",
            "cdn\uff0ediscordapp\uff0ecom",
            "\uff43dn.discordapp.com",
            "cdn.di\u017fcordapp.com",
            "cdn.dis\u0441ordapp.com",
            f"{DISCORD}\u200b",
        )
    ],
    "numbers": [
        f"https://{name}/"
        for name in (
            "\uff11\uff12\uff17.0.0.1",
            "\u2460\u2461\u2466.0.0.1",
            "0177.0.0.1",
            "[::ffff:127.0.0.1]",
            "[::1%25lo]",
        )
    ],
    "spaces and control characters": [
        *(f" {GOOD}", f"{GOOD} ", f"{GOOD}\n", f"{GOOD}\0"),
        *(f"https://{DISCORD}/{path}" for path in ("a b", "a\tb", "\r\nX: y", "\x7f", "\x85", "\\a")),
    ],
    "what a path must escape": [f"https://{DISCORD}/{path}" for path in ("\xe9.png", "\ud800", "[a]", "<a>", "{a}")],
}


@pytest.mark.parametrize("url", [pytest.param(url, id=kind) for kind, urls in NOT_LISTED.items() for url in urls])
async def test_whatever_is_not_plainly_a_listed_host_is_refused_without_a_look_up(url: str) -> None:
    """The host is compared as it is written; nothing of an address is mended."""
    internet = PublicInternet(answer(PNG))
    await refused(url, internet)
    assert internet.names == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "127.0.0.1", "0177.0.0.1", "1.1.1.1", "a.0x7f"])
async def test_a_number_is_no_host_even_where_it_is_listed(host: str) -> None:
    """An IP address in any spelling is refused before a look-up, a public one too: it has no certificate to check."""
    internet = PublicInternet(answer(PNG))
    await refused(f"https://{host}/a.png", internet, (host,))
    assert internet.names == []


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "fd00::1"],
        ["not an address"],
    ],
    ids=lambda addresses: " ".join(addresses) or "none",
)
async def test_a_listed_host_with_an_address_that_is_not_public_is_refused(addresses: list[str]) -> None:
    """One such address among public ones is enough; the answer is that to any other address."""
    internet = PublicInternet(answer(PNG), addresses)
    await refused(GOOD, internet)
    assert internet.names == [DISCORD]


async def unknown(_: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def silent(_: str) -> list[str]:
    await asyncio.Event().wait()
    raise AssertionError("it never answers")


@pytest.mark.parametrize("resolve", [unknown, silent])
async def test_a_name_that_does_not_resolve_is_refused(resolve: Resolve) -> None:
    """At once, or when the time is over; nobody learns which names exist."""
    fetcher = ImageFetcher(HOSTS, resolve=resolve, deadline_seconds=0.05)
    assert await fetcher.fetch(GOOD) is REFUSED


@pytest.mark.parametrize("host", ["localhost", f"{'a' * 64}.example"])
async def test_the_systems_own_resolver_is_judged_the_same(host: str) -> None:
    """It knows this machine by a name, and raises an error of another kind for one that is too long."""
    assert await ImageFetcher([host]).fetch(f"https://{host}/a.png") is REFUSED


async def test_a_name_that_changes_its_address_is_looked_up_once() -> None:
    """The connection goes to the address that was judged; a later answer is never asked for."""
    async with PublicInternet(answer(PNG), [PUBLIC], ["127.0.0.1"]).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) == PNG
        assert (internet.names, internet.connected) == ([DISCORD], [(PUBLIC, 443)])
        assert await internet.fetcher().fetch(GOOD) is REFUSED
    assert (len(internet.names), len(internet.connected)) == (2, 1)


async def test_a_dead_connection_is_tried_again_at_judged_addresses_only() -> None:
    """A host that hangs up at once is not looked up anew."""

    async def hang_up(_: asyncio.StreamWriter) -> None:
        return

    async with PublicInternet(hang_up, [PUBLIC, OTHER_PUBLIC], ["127.0.0.1"]).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) is HOST_FAILED
    assert internet.names == [DISCORD]
    assert {address for address, _ in internet.connected} <= {PUBLIC, OTHER_PUBLIC}


# Whatever is sent

PARTS = st.tuples(
    st.sampled_from(["https://", "http://", "HTTPS://", "https:", "//", "https:/", "https:\\\\"]),
    st.sampled_from(["", "", "", "a@", "a:b@", f"{DISCORD}@", "127.0.0.1\\@"]),
    st.sampled_from([*HOSTS, DISCORD.upper(), "127.0.0.1", "[::1]", "evil.example", "2130706433"])
    | st.text(max_size=9),
    st.sampled_from(["", "", "", ":443", ":80", ":", ".", "\\", "%00", "\u3002"]),
    st.sampled_from(["", "/", "/a.png", "?a=b", "#", "#@127.0.0.1/", "/@127.0.0.1/"]) | st.text(max_size=9),
).map("".join)


@given(st.text() | PARTS)
@example(GOOD)
def test_no_text_leads_elsewhere_than_to_a_listed_host(url: str) -> None:
    """Nothing raises; whatever is looked up is listed, and is the host that other readers see in the address."""
    asked: list[str] = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    assert asyncio.run(ImageFetcher(HOSTS, resolve=resolve).fetch(url)) is REFUSED
    assert set(asked) <= set(HOSTS)
    assert asked or url != GOOD
    for host in asked:
        read = urlsplit(url)
        assert (read.scheme, read.hostname, read.port or 443) == ("https", host, 443)
        assert (read.username, read.password) == (None, None)


# The scenarios of the hostile inputs

UPSTREAM_ROW = "Discord attachment URL to other host"
SCENARIOS = [*scenarios("ssrf"), *(row for row in rows("upstream") if UPSTREAM_ROW in str(row.source))]
HERE = "tests.adapters.generation.test_image_url"
ANSWERS = "tests.adapters.generation.test_image_url_answers"
ACTED_OUT = {
    "DNS rebinding: first answer public, second 127.0.0.1": (
        f"{HERE}.test_a_name_that_changes_its_address_is_looked_up_once"
    ),
    "URL sends 1 byte/s": f"{ANSWERS}.test_a_slow_host_is_left_when_the_time_is_over",
    "URL sends Content-Type image/png with HTML body": f"{ANSWERS}.test_an_answer_that_is_no_image_is_a_clear_failure",
    "public host 302 -> http://127.0.0.1/": f"{ANSWERS}.test_a_redirect_is_not_followed",
    UPSTREAM_ROW: f"{HERE}.test_whatever_is_not_plainly_a_listed_host_is_refused_without_a_look_up",
}


def test_every_scenario_is_acted_out() -> None:
    """A new row of this area needs a test, and a test that is renamed must be named here anew."""
    assert {row.input.text for row in SCENARIOS} == set(ACTED_OUT)
    for test in ACTED_OUT.values():
        module, _, name = test.rpartition(".")
        assert callable(getattr(import_module(module), name))
