"""Numbers of a command line: every option that takes one, with every spelling that is none."""

from __future__ import annotations

import pytest
import typer

from adapters.cli import main
from adapters.cli.app import app_for
from adapters.cli.numbers import MAX_STORAGE_MB, megabytes, whole

OPTIONS = [
    (["images", "ada"], "--limit"),
    (["images", "ada"], "--offset"),
    (["events"], "--after"),
    (["events"], "--limit"),
    (["bench"], "--rounds"),
    (["generate", "x"], "--seed"),
    (["generate", "x"], "--width"),
    (["generate", "x"], "--height"),
    (["limits", "ada"], "--storage-mb"),
    (["limits", "ada"], "--daily"),
    (["limits", "--everybody"], "--pool-mb"),
    (["cleanup"], "--days"),
    (["replay"], "--position"),
    (["what-if"], "--daily"),
    (["what-if"], "--user-mb"),
    (["what-if"], "--pool-mb"),
    (["export", "ada", "--to", "x"], "--part-mb"),
    (["report"], "--days"),
    (["token", "create", "x"], "--days"),
    (["tiers", "define", "x"], "--daily"),
    (["tiers", "define", "x"], "--storage-mb"),
    (["tiers", "define", "x"], "--weight"),
    (["tiers", "define", "x"], "--waiting"),
    (["price"], "--width"),
    (["price"], "--height"),
    (["price"], "--count"),
    (["price"], "--steps"),
    (["grant", "ada"], "--credits"),
    (["grant", "ada"], "--generations"),
    (["grant", "ada"], "--mb"),
    (["grant", "ada"], "--days"),
    (["grant", "ada"], "--priority"),
    (["points", "ada"], "--limit"),
    (["market", "set", "ten"], "--credits"),
    (["market", "set", "ten"], "--generations"),
    (["market", "set", "ten"], "--mb"),
    (["market", "set", "ten"], "--price"),
    (["market", "set", "ten"], "--days"),
    (["buy", "ada", "ten"], "--price"),
    (["ask", "ada"], "--credits"),
    (["ask", "ada"], "--generations"),
    (["ask", "ada"], "--mb"),
    (["asks", "approve", "q1"], "--credits"),
    (["asks", "approve", "q1"], "--generations"),
    (["asks", "approve", "q1"], "--mb"),
    (["asks", "approve", "q1"], "--days"),
]
NO_NUMBERS = ["", " ", "nan", "inf", "-inf", "1e400", "1_000", "٣", "0x10", "1,5", "one", "--"]


def test_no_option_with_a_number_is_missing_here() -> None:
    """Of every command; a new one that is read in another way would take `1_000`."""
    commands = typer.main.get_command(app_for([])).commands  # type: ignore[attr-defined]  # it is a group
    found = {
        (name, parameter.opts[0])
        for name, command in commands.items()
        for parameter in command.params
        if parameter.metavar in {"N", "POSITION", "PIXELS", "MB", "CREDITS"}
    }
    assert found == {(words[0], option) for words, option in OPTIONS}


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_what_is_no_number_is_told_with_its_option(
    words: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a wrong use, and never as too small or too large."""
    for text in NO_NUMBERS:
        assert main([*words, f"{option}={text}"]) == 2
        said = " ".join(capsys.readouterr().err.split())
        assert option in said
        assert "digits" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("text", ["1e-9", "0.0000001", "-1", "1000000001", "9" * 400, "nan"])
def test_a_size_is_nothing_or_at_least_a_byte(text: str) -> None:
    """And not more than there may be."""
    with pytest.raises(typer.BadParameter):
        megabytes(MAX_STORAGE_MB)(text)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("-0", 0), ("500", 500), ("1.5", 1.5), (".5", 0.5), ("+2", 2)])
def test_a_size_is_what_it_says(text: str, number: float) -> None:
    """In the spellings that people use."""
    assert megabytes(MAX_STORAGE_MB)(text) == number


@pytest.mark.parametrize(("text", "fits"), [("0", False), ("1", True), ("9", True), ("10", False), ("-0", False)])
def test_bounds_are_inclusive(text: str, *, fits: bool) -> None:
    """One under, on and one over."""
    if fits:
        assert whole(1, 9)(text) == int(text)
        return
    with pytest.raises(typer.BadParameter, match="it may be"):
        whole(1, 9)(text)
