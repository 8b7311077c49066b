"""Under what name an image leaves: one file's, with an extension of its format, in both forms of the header."""

from __future__ import annotations

import pytest

from adapters.http.disposition import disposition
from adapters.images.formats import EXTENSIONS, NAMED
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_images import PATH
from tests.hostile.builders import gif, jpeg, png, webp

CONTENTS = {"image/png": png(), "image/jpeg": jpeg(), "image/gif": gif(1), "image/webp": webp()}
OTHERS = ("exe", "html", "htm", "svg", "php", "phtml", "js", "lnk", "jar", "zip", "pdf", "mp4", "sh", "bat", "hta", "x")


@pytest.mark.parametrize("name", ['a"b.png', "a\r\nSet-Cookie: x.png", "a;b.png", "käse.png", "a%41.png", "a\\b.png"])
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    """RFC 6266: a plain form between quotation marks, and the whole one in UTF-8, percent-encoded."""
    header = disposition(name, "image/png")
    assert header.isascii()
    assert header.isprintable()
    plain, whole = header.removeprefix('inline; filename="').split("\"; filename*=UTF-8''")
    assert not set(plain) & set('";\\%')
    assert not set(whole) & set("\"'; \\")
    assert plain.endswith(".png")


async def test_every_image_is_sent_under_its_file_name(service: Running) -> None:
    """Also where nothing new is sent, and where only the head is asked for."""
    await service.upload("1", jpeg(), "holidays/at sea")
    expected = "inline; filename=\"holidays-at sea.jpg\"; filename*=UTF-8''holidays-at%20sea.jpg"
    for method in ("GET", "HEAD"):
        sent = await service.ask(method, f"{PATH}/holidays/at%20sea")
        assert sent.headers["content-disposition"] == expected
        known = await service.ask(method, f"{PATH}/holidays/at%20sea", headers={"If-None-Match": sent.headers["etag"]})
        assert (known.status, known.headers["content-disposition"]) == (304, expected)


async def test_each_content_is_kept_under_its_own_extensions_alone(serve: Serve) -> None:
    """Four formats under every extension of theirs and of others, in small and capital letters, and doubled."""
    service: Running = await serve(SetPolicy(daily=1_000))
    for media_type, data in CONTENTS.items():
        for extension in (*NAMED, *OTHERS):
            is_own = NAMED.get(extension) == media_type
            for name in (f"a.{extension}", f"b.{extension.upper()}", f"c.{EXTENSIONS[media_type]}.{extension}"):
                saved = await service.upload("1", data, name)
                assert saved.status == (201 if is_own else 422), (media_type, name)
        for name in ("d.png.", "d.png ", "d.exe.", "d\0.png", "d.png\n"):
            assert (await service.upload("1", data, name)).status in {400, 422}, name
