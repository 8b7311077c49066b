"""Rules of the names under which images leave."""

from __future__ import annotations

import pytest

from adapters.images.file_names import file_name


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("cat.png", "image/png", "cat.png"),
        ("CAT.PNG", "image/png", "CAT.PNG"),
        ("holidays/at sea.jpeg", "image/jpeg", "holidays-at sea.jpeg"),
        ("holidays/at sea", "image/jpeg", "holidays-at sea.jpg"),
        ("png", "image/png", "png.png"),
        ("a.exe", "image/png", "a.exe.png"),
        ("a.jpg", "image/png", "a.jpg.png"),
        ("a.html/b", "image/gif", "a.html-b.gif"),
        ("a.html", "application/octet-stream", "a.html.bin"),
        ("../../etc/passwd", "image/webp", "-..-etc-passwd.webp"),
        ("..\\a.lnk", "image/webp", "-a.lnk.webp"),
        ("a.png. ", "image/png", "a.png"),
        ("", "image/png", "image.png"),
    ],
)
def test_a_file_is_opened_as_what_it_is(name: str, media_type: str, expected: str) -> None:
    """Names of today, and of logs that were written before names had rules."""
    assert file_name(name, media_type) == expected
