"""The file of tokens: two commands at once, a crash between, names."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope, Token, digest_of, is_text, malformed_token_name, new_text
from domain.instants import EARLIEST


def token(name: str) -> Token:
    """One that holds for ever."""
    return Token(name=name, scope=Scope.READ, user=None, made_at=EARLIEST, ends_at=None, sha256=digest_of(new_text()))


@pytest.fixture
def kept(tmp_path: Path) -> KeptTokens:
    """Of a root that has a folder for its log."""
    (tmp_path / "logs").mkdir()
    return KeptTokens(tmp_path, Files())


def test_what_is_added_is_read_until_it_is_removed(kept: KeptTokens) -> None:
    """A name is given once; in the order of the names."""
    assert kept.read() == []
    tokens = [token("b"), token("a")]
    assert all(map(kept.add, tokens))
    assert kept.read() == sorted(tokens)
    assert not kept.add(token("a"))
    assert (kept.remove("a"), kept.remove("a")) == (True, False)
    assert kept.read() == [tokens[0]]


def test_a_group_is_kept_and_one_without_is_as_before_there_were_groups(kept: KeptTokens) -> None:
    """So that a former version reads the file."""
    assert all(map(kept.add, (token("a"), token("b")._replace(group="vip"))))
    assert [one.group for one in kept.read()] == [None, "vip"]
    assert [list(one)[-1] for one in json.loads(kept.path.read_bytes())["tokens"]] == ["sha256", "group"]


def test_commands_at_once_lose_nothing(kept: KeptTokens) -> None:
    """Each waits for the other."""
    names = [f"t{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda name: kept.add(token(name)), names))
    assert sorted(one.name for one in kept.read()) == sorted(names)


def test_what_a_crash_left_is_in_nobodys_way(kept: KeptTokens) -> None:
    """A file in the making is begun anew."""
    in_making = kept.path.with_name(f".{kept.path.name}.new")
    in_making.write_bytes(b"{half")
    assert kept.add(token("a"))
    assert not in_making.exists()


def test_texts_are_long_and_never_the_same() -> None:
    """256 random bits (RFC 4648, section 5, without padding)."""
    texts = {new_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(map(is_text, texts))
    assert not is_text("abby_short")


@pytest.mark.parametrize(
    ("name", "is_one"), [("a", True), ("my-bot_2", True), ("", False), ("A", False), ("-a", False)]
)
def test_names(name: str, is_one: bool) -> None:
    """They stand in the log, behind `api:`."""
    assert (malformed_token_name(name) is None) is is_one
    assert malformed_token_name("a" * 33) is not None


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("other", Scope)
def test_each_scope_includes_those_before_it(scope: Scope, other: Scope) -> None:
    """Reading, writing, everything."""
    assert scope.includes(other) is ("read write admin".index(other) <= "read write admin".index(scope))
