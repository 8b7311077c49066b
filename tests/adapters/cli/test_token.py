"""`abby token`: created, listed, used at a service that runs, revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from adapters.application.storage import Storage
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import command, run, serving, write_env_file


@pytest.fixture
def begun(root: Path, store: Storage) -> Path:
    """A root with a log."""
    store.close()
    return root


def test_a_token_is_shown_once_listed_and_revoked(abby: Abby, begun: Path, fits: Any) -> None:
    """For programs by the schema; its text stands nowhere afterwards."""
    words = ("--scope", "write", "--user", "42", "--days", "90", "--group", "vip", "--guild", "9", "--json")
    made = abby("token", "create", "bot", *words).json
    assert fits("token", made)
    assert (made["scope"], made["user"], made["group"], made["last_used"]) == ("write", "42", "vip", None)
    assert made["guild"] == "9"
    listed = abby("token", "list", "--json")
    assert fits("token", listed.json)
    assert [(one["name"], one["guild"]) for one in listed.json["tokens"]] == [("bot", "9")]
    assert made["token"] not in listed.out + abby("token", "list").out
    assert all(made["token"].encode() not in path.read_bytes() for path in (begun / "logs").iterdir() if path.is_file())
    assert "already" in abby("token", "create", "bot").err
    assert fits("token", abby("token", "revoke", "bot", "--json").json)
    assert abby("token", "revoke", "bot").code == 2
    assert "no tokens" in abby("token", "list").out


@pytest.mark.usefixtures("begun")
def test_people_see_the_text_alone_on_standard_output(abby: Abby) -> None:
    """So that it can be kept by a script; what it allows is said beside it."""
    told = abby("token", "create", "script", "--scope", "admin")
    assert told.out.strip().startswith("abby_")
    assert len(told.out.split()) == 1
    assert "may do everything" in told.err
    assert "shown once" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create"], "Give the token a name"),
        (["create", "A b"], "has 1 to 32 characters"),
        (["create", "local"], "every program of this machine"),
        (["create", "x", "--user", "CON"], "not allowed"),
        (["create", "x", "--user", "1", "--scope", "admin"], "takes no --user"),
        (["create", "x", "--group", "V I P"], "A token's group has 1 to 64 characters"),
        (["create", "x", "--guild", "my server"], "text of 1 to 20 digits"),
        (["create", "x", "--guild", "9", "--scope", "admin"], "takes no --guild"),
        (["create", "x", "--scope", "root"], "'root' is not one of"),
        (["revoke"], "Name the token"),
        (["revoke", "x"], "no token 'x'"),
        (["destroy", "x"], "'destroy' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_said(abby: Abby, begun: Path, words: list[str], said: str) -> None:
    """As a wrong use, and nothing is made."""
    told = abby("token", *words)
    assert told.code == 2
    assert said in " ".join(told.err.replace("│", "").split())
    assert not (begun / "logs" / "tokens.json").exists()


def test_a_root_without_a_log_has_no_tokens(abby: Abby, tmp_path: Path) -> None:
    """A mistyped root is not made."""
    assert abby("token", "list", root=tmp_path / "typo").code == 65
    assert not (tmp_path / "typo").exists()


def _status(address: str, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urlopen(Request(f"{address}/v1/users/42/quota", headers=headers), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as refused:
        with refused:
            return refused.code


def test_a_service_that_asks_everybody_lets_a_token_in_and_the_commands_of_its_account(
    root: Path, tmp_path: Path
) -> None:
    """Without one nobody is, however the service is asked; the command line goes on as before."""
    settings = write_env_file(tmp_path / "tokens.env", HTTP_PORT="0", HTTP_ACCESS="tokens", GENERATOR="sketch")
    with serving(root, settings) as service:
        words = command(root, settings, "token", "create", "bot", "--json")
        token = run(words, cwd=tmp_path).json["token"]
        assert [_status(service.address, given) for given in (None, token, token[:-1])] == [401, 200, 401]
        reset = run(command(root, settings, "reset", "42", "--yes", "--json"), cwd=tmp_path)
        assert (reset.code, reset.json["daily"]["used"]) == (0, 0), reset.err
        (root / "logs" / ".pass").unlink()
        refused = run(command(root, settings, "reset", "42", "--yes"), cwd=tmp_path)
        assert refused.code != 0
        assert "abby token create" in refused.err
