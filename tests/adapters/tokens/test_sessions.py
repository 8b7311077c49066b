"""Sessions as they are kept: until when they hold, how many there are, and what a restart or a bad disk leaves of them.

| what happens | the session |
|---|---|
| it is used | holds on for a week, and a month in all |
| nobody uses it for a week, or it is a month old | has ended |
| the service starts again | holds |
| its file is damaged | has ended, and so have all others |
| somebody signs out, and the disk does not take it | has ended until the next start, and who signs out is told |
| somebody signs in, and the disk does not take it | holds until the next start, and over it once it was taken |
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.tokens.session import IDLE_SECONDS, LONGEST_SECONDS, Session, Way, digest_of_cookie, new_cookie
from adapters.tokens.sessions import MOST_OF_A_HOLDER, NOTED_SECONDS, UNWRITTEN_SECONDS, Sessions
from adapters.tokens.token import Scope
from domain.instants import later

NOW = "2026-03-01T12:00:00.000000Z"


class FullDisk(Files):
    """Takes nothing while it is full."""

    full = False

    def write_durably(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        """As the disk is."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write_durably(path, data, mode)


@pytest.fixture
def files() -> FullDisk:
    """A disk with room."""
    return FullDisk()


@pytest.fixture
def sessions(tmp_path: Path, files: FullDisk) -> Sessions:
    """Of a fresh root."""
    (tmp_path / "logs").mkdir()
    found = Sessions(tmp_path, files)
    assert found.load() is None
    return found


def begun(cookie: str, holder: str = "h", at: str = NOW) -> Session:
    """A session by a token."""
    return Session(digest_of_cookie(cookie), Way.TOKEN, holder, "name", manages=False, began_at=at, used_at=at)


@pytest.mark.parametrize(
    ("used_after", "asked_after", "holds"),
    [
        (0, IDLE_SECONDS - 1, True),
        (0, IDLE_SECONDS, False),
        (LONGEST_SECONDS - 10, LONGEST_SECONDS - 1, True),
        (LONGEST_SECONDS - 10, LONGEST_SECONDS, False),
    ],
)
def test_a_session_ends_unused_and_at_the_latest_after_a_month(
    sessions: Sessions, used_after: int, asked_after: int, holds: bool
) -> None:
    """Each bound to the second."""
    cookie = new_cookie()
    sessions.begin(begun(cookie)._replace(used_at=later(NOW, seconds=used_after)))
    assert (sessions.of_text(cookie, later(NOW, seconds=asked_after)) is not None) is holds


def test_sessions_outlive_a_restart_and_their_file_has_no_cookie(tmp_path: Path, sessions: Sessions) -> None:
    """The file is its owner's alone; what was signed out stays so."""
    kept, ended = new_cookie(), new_cookie()
    for cookie in (kept, ended):
        sessions.begin(begun(cookie))
    assert sessions.end(lambda one: one.sha256 == digest_of_cookie(ended), NOW) == 1
    again = Sessions(tmp_path, Files())
    assert again.of_text(kept, NOW) is None  # nothing is known before it is read
    again.load()
    assert (again.of_text(kept, NOW), again.of_text(ended, NOW)) == (begun(kept), None)
    assert sessions.path.stat().st_mode & 0o077 == 0
    assert kept.encode() not in sessions.path.read_bytes()


@pytest.mark.parametrize("text", ["", "a", "\u00e9" * 43, "A" * 43, "a" * 1_000_000])
def test_what_is_no_cookie_is_nobodys(sessions: Sessions, text: str) -> None:
    """Whatever a browser, or somebody else, sends."""
    sessions.begin(begun(new_cookie()))
    assert sessions.of_text(text, NOW) is None


def test_a_holder_has_a_bounded_number_of_sessions(sessions: Sessions) -> None:
    """The one that was not used for longest goes, of that holder alone."""
    other = new_cookie()
    sessions.begin(begun(other, "other"))
    cookies = [new_cookie() for _ in range(MOST_OF_A_HOLDER + 1)]
    for number, cookie in enumerate(cookies):
        sessions.begin(begun(cookie, at=later(NOW, seconds=number + 1)))
    found = [sessions.of_text(cookie, later(NOW, seconds=100)) is not None for cookie in (other, *cookies)]
    assert found == [True, False, *[True] * MOST_OF_A_HOLDER]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"sessions":[{}]}', b'{"sessions":[{"way":1}]}', b'{"sessions":{}', b"\xff", b"null"]
)
def test_a_damaged_file_signs_nobody_in_and_everybody_may_sign_in_anew(sessions: Sessions, data: bytes) -> None:
    """And it is told once, by the file's name."""
    sessions.path.write_bytes(data)
    again = Sessions(sessions.path.parents[1], Files())
    assert "sessions.json" in str(again.load())
    cookie = new_cookie()
    again.begin(begun(cookie))
    assert again.of_text(cookie, NOW) is not None


def test_a_full_disk_keeps_nobody_out_and_nobody_in(sessions: Sessions, files: FullDisk) -> None:
    """Somebody has to make room on it. What it did not take is lost with the next start, and only with that."""
    former, cookie = new_cookie(), new_cookie()
    sessions.begin(begun(former))
    files.full = True
    sessions.begin(begun(cookie))
    assert sessions.of_text(cookie, NOW) is not None
    with pytest.raises(OSError, match="No space"):
        sessions.end(lambda one: one.sha256 == digest_of_cookie(former), NOW)
    assert sessions.of_text(former, NOW) is None
    again = Sessions(sessions.path.parents[1], Files())
    again.load()
    assert (again.of_text(former, NOW) is None, again.of_text(cookie, NOW) is None) == (False, True)


@pytest.mark.parametrize("by", ["a use", "a sign-out of nobody"])
def test_what_a_full_disk_did_not_take_is_written_later(sessions: Sessions, files: FullDisk, by: str) -> None:
    """Who signed out does not come back with a restart long after there was room again."""
    former, cookie = new_cookie(), new_cookie()
    for one in (former, cookie):
        sessions.begin(begun(one))
    files.full = True
    with pytest.raises(OSError, match="No space"):
        sessions.end(lambda one: one.sha256 == digest_of_cookie(former), NOW)
    files.full = False
    soon = later(NOW, seconds=UNWRITTEN_SECONDS)
    if by == "a use":
        assert sessions.is_to_be_noted(begun(cookie), soon)
        sessions.change(begun(cookie)._replace(used_at=soon))
        assert not sessions.is_to_be_noted(begun(cookie, at=soon), later(soon, seconds=UNWRITTEN_SECONDS))
    else:
        assert sessions.end(lambda _: False, NOW) == 0
    again = Sessions(sessions.path.parents[1], Files())
    again.load()
    assert (again.of_text(former, NOW) is None, again.of_text(cookie, NOW) is None) == (True, False)


def test_use_is_noted_by_the_hour(sessions: Sessions) -> None:
    """Not with each of the requests of a page."""
    session = begun(new_cookie())
    asked = (later(NOW, seconds=seconds) for seconds in (NOTED_SECONDS - 1, NOTED_SECONDS, -NOTED_SECONDS))
    assert [sessions.is_to_be_noted(session, now) for now in asked] == [False, True, False]


@pytest.mark.parametrize(("manages", "scope", "user"), [(False, Scope.WRITE, "7"), (True, Scope.ADMIN, None)])
def test_a_person_of_discord_has_their_own_things_and_a_manager_all(
    manages: bool, scope: Scope, user: str | None
) -> None:
    """As a token would allow it."""
    token = Session("", Way.DISCORD, "7", "ada", manages, NOW, NOW).as_token()
    assert (token.scope, token.user) == (scope, user)
