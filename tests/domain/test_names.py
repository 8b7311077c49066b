"""Rules of user ids and image names: which are allowed, when two are one, and how fresh names count."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.names import (
    DESKTOP_FILES,
    MAX_FRESH_DIGITS,
    MAX_NAME_CHARS,
    MAX_USER_ID_CHARS,
    WINDOWS_DEVICES,
    folder_of,
    fresh_name,
    fresh_number,
    malformed_name,
    malformed_user,
    name_key,
)
from tests.hostile.rows import Row, sendable

GRAMMATICAL_DEVICES = sorted(device for device in WINDOWS_DEVICES if device.isascii() and device.isalnum())


@pytest.mark.parametrize("row", sendable("user_id"), ids=lambda row: row.id)
def test_every_hostile_user_id_gives_what_is_expected(row: Row) -> None:
    """A row is accepted, or refused with a sentence that is safe to show."""
    assert_verdict(malformed_user(row.input), accepted=row.accepted)


@pytest.mark.parametrize("row", sendable("image_name"), ids=lambda row: row.id)
def test_every_hostile_image_name_gives_what_is_expected(row: Row) -> None:
    """A row is accepted, or refused with a sentence that is safe to show."""
    assert_verdict(malformed_name(row.input), accepted=row.accepted)


@pytest.mark.parametrize(
    ("user", "accepted"),
    [
        ("a", True),
        ("a" * (MAX_USER_ID_CHARS - 1), True),
        ("a" * MAX_USER_ID_CHARS, True),
        ("a" * (MAX_USER_ID_CHARS + 1), False),
        ("-", True),
        ("_", True),
        ("1\n", False),
        ("\n1", False),
        ("A", False),
        ("\u0663", False),  # a digit to str.isdigit, not to us
        ("k\u0131", False),
        ("com1", False),
        ("com0", True),
        ("com10", True),
        ("lpt9", False),
        ("nul", False),
        ("null", True),
        ("com\u00b9", False),
        ("conin$", False),
        (b"1", False),
        (1, False),
        (True, False),
    ],
)
def test_a_user_id_is_one_to_64_plain_characters_and_no_device(user: object, accepted: bool) -> None:
    """Boundaries of length, alphabet, type and device names."""
    assert_verdict(malformed_user(user), accepted=accepted)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("a" * (MAX_NAME_CHARS - 1), True),
        ("a" * MAX_NAME_CHARS, True),
        ("a" * (MAX_NAME_CHARS + 1), False),
        ("f/" + "a" * (MAX_NAME_CHARS - 2), True),
        ("f/" + "a" * (MAX_NAME_CHARS - 1), False),
        ("f" * (MAX_NAME_CHARS - 2) + "/a", True),
        ("", False),
        ("/", False),
        ("/a", False),
        ("a/", False),
        ("a//b", False),
        ("a/b", True),
        ("a/b/c", False),
        ("a/.", False),
        ("../a", False),
        ("./a", False),
        (".details/a.png~.json", False),
        (".staged/a", False),
        ("a/.hidden", False),
        ("a.png~", False),
        ("PROGRA~1", False),
        ("a./b", False),
        ("a /b", False),
        ("a\\b", False),
        ("a.png\n", False),
        ("a/b\n", False),
        ("a\n/b", False),
        ("a\tb", False),
        ("a\x7f", False),
        ("\u212aa.png", False),  # the Kelvin sign, whose lower case is k
        ("con/a.png", False),
        ("a/nul", False),
        ("nul .png", False),
        ("nul.tar.png", False),
        ("COM\u00b9.png", False),
        ("com0.png", True),
        ("com10.png", True),
        ("console.png", True),
        ("CONOUT$", False),
        ("a/Thumbs.db", False),
        ("DESKTOP.INI", False),
        ("desktop.ini/a", False),
        ("thumbs.db.png", True),
        ("0", True),
        ("a - b_c.d", True),
        (b"a.png", False),
        (None, False),
        (7, False),
    ],
)
def test_a_name_has_at_most_one_folder_and_120_plain_characters(name: object, accepted: bool) -> None:
    """Boundaries of length, folders, first and last characters, types, and names that systems keep."""
    assert_verdict(malformed_name(name), accepted=accepted)


@pytest.mark.parametrize("device", GRAMMATICAL_DEVICES)
def test_no_device_name_of_windows_is_allowed_anywhere(device: str) -> None:
    """In an id, a file or a folder, in any case, with any extension."""
    assert malformed_user(device)
    for name in (
        device,
        device.upper(),
        device.title() + ".png",
        f"{device}/a.png",
        f"a/{device}.tar.gz",
        f"{device} .png",
    ):
        assert malformed_name(name), name


@pytest.mark.parametrize("reserved", sorted(DESKTOP_FILES))
def test_no_file_that_a_desktop_writes_is_allowed(reserved: str) -> None:
    """Bare and in a folder, in any case."""
    for name in (reserved, reserved.upper(), f"a/{reserved}"):
        assert malformed_name(name), name


@given(st.text())
@example("a\n")
@example("a/b")
def test_what_is_allowed_is_a_plain_relative_path(name: str) -> None:
    """Whatever the text, an allowed name has one or two segments of the promised form, 120 characters at most."""
    if malformed_name(name) is None:
        assert len(name) <= MAX_NAME_CHARS
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._ -]*(/[A-Za-z0-9][A-Za-z0-9._ -]*)?", name)
        assert all(not segment.endswith((".", " ")) for segment in name.split("/"))


@given(st.text(alphabet=st.characters(), max_size=300))
@example("\u202e\x00\x1b[31m\ud800")
def test_a_sentence_holds_nothing_that_is_not_printable(text: str) -> None:
    """Control characters, bidirectional marks and surrogates are quoted as escapes, and a long text is cut."""
    for sentence in (malformed_user(text), malformed_name(text)):
        if sentence is not None:
            assert_verdict(sentence, accepted=False)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("A.png", "a.png", True), ("Cats/A.PNG", "cats/a.png", True), ("a.png", "b.png", False), ("a/b", "a b", False)],
)
def test_names_are_one_name_when_only_case_differs(one: str, other: str, same: bool) -> None:
    """The key is what a case-preserving file system compares."""
    assert (name_key(one) == name_key(other)) is same


@pytest.mark.parametrize(("name", "folder"), [("a.png", None), ("k/a.png", "k"), ("Cats/a", "Cats")])
def test_the_folder_is_given_as_it_is_spelled(name: str, folder: str | None) -> None:
    """A bare name has none."""
    assert folder_of(name) == folder


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("image_1.png", 1),
        ("image_12345.png", 12345),
        ("text_to_image/image_12345.png", 12345),
        ("IMAGE_7.JPG", 7),
        ("image_" + "9" * MAX_FRESH_DIGITS + ".png", 10**MAX_FRESH_DIGITS - 1),
        ("image_1" + "0" * MAX_FRESH_DIGITS + ".png", None),
        ("image_0.png", None),
        ("image_01.png", None),
        ("image_-1.png", None),
        ("image_1", None),
        ("image_1.", None),
        ("image_1.tar.gz", None),
        ("image_x.png", None),
        ("my image_1.png", None),
        ("image_1.png\n", None),
        ("image_\u0661.png", None),
        ("\u0130mage_1.png", None),
        ("a/b/image_1.png", None),
        ("image_1/image_2.png", 2),
        ("image_1.png/x", None),
    ],
)
def test_only_names_of_the_fresh_form_have_a_fresh_number(name: str, number: int | None) -> None:
    """A number as it is given out, bare or in one folder; with more digits than that it is an ordinary name."""
    assert fresh_number(name) == number


@given(
    st.sampled_from([None, "text_to_image", "upscale", "My cats"]),
    st.integers(min_value=1, max_value=10**MAX_FRESH_DIGITS - 1),
    st.sampled_from(["png", "jpg", "webp", "gif"]),
)
def test_a_fresh_name_is_allowed_and_gives_its_number_back(folder: str | None, number: int, extension: str) -> None:
    """What is given out passes the rules of names from outside, and counts."""
    name = fresh_name(folder, number, extension)
    assert malformed_name(name) is None
    assert fresh_number(name) == number
    assert folder_of(name) == folder


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a" * 121, "At most 120"),
        ("a/b/c", "At most one"),
        ("a/", "need a name each"),
        ("a.", "may not end in a dot"),
        ("-a", "must begin with a letter or digit"),
        ("nul", "keeps this name for a device"),
        ("thumbs.db", "Desktops use this name"),
    ],
)
def test_a_refused_name_is_told_the_rule_it_breaks(name: str, rule: str) -> None:
    """Each rule has its own words."""
    assert rule in (malformed_name(name) or "")


def assert_verdict(sentence: str | None, *, accepted: bool) -> None:
    """Accepted is None; refused is one bounded, printable sentence that can be written as UTF-8."""
    if accepted:
        assert sentence is None
        return
    assert sentence is not None
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 400
    sentence.encode("utf-8")
