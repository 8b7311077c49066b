"""Tables at any width of a terminal, and without one: no figure is lost, and what happened never is."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from adapters.application.deleting import delete_image_blocking
from adapters.application.governing import override_limits_blocking
from adapters.application.saving import NewImage, save_image
from adapters.cli import main
from adapters.cli.tables import add_row, table
from adapters.engines.opening import open_store
from adapters.wording.figures import in_mb
from domain.commands import SetPolicy
from domain.limits import MEGABYTE, UserLimits
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import PROJECT, png

WIDTHS = (40, 60, 80, 100, 200, None)
MEMBER = "123456789012345678"
LONGEST = "a" * 64
"""A user's id as long as one may be."""


class Screen(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        """As a terminal answers."""
        return True


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two users with images, one with limits of their own, and a log that has refusals and deletions."""
    root = tmp_path_factory.mktemp("widths") / "root"
    store = open_store(root, limits=SetPolicy(user_bytes=123 * MEGABYTE, pool_bytes=45_678 * MEGABYTE, daily=4))
    for user in (MEMBER, LONGEST, MEMBER, MEMBER, MEMBER, MEMBER):
        asyncio.run(save_image(store, NewImage(user, png(400_000), name=None, operation="text_to_image")))
    delete_image_blocking(store, MEMBER, "image_1.png")
    until = "2999-01-02T03:04:00.000000Z"
    override_limits_blocking(store, MEMBER, "a prize", UserLimits(None, 1_234), until=until)
    store.close()
    return root


@pytest.fixture
def shown(root: Path, env_file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command shows at a width; None is no terminal."""

    def show(width: int | None, *words: str) -> str:
        screen = Screen() if width else io.StringIO()
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(width or 80))
            patch.setenv("TERM", "xterm")
            patch.setattr("sys.stdout", screen)
            assert main([*words, "--root", str(root), "--env-file", str(env_file)]) == 0
        text = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue())
        assert width is None or max(map(len, text.splitlines())) <= width
        return text

    return show


def together(text: str) -> str:
    """The text without what wrapping adds to it."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_users_keep_every_figure(width: int | None, shown: Callable[..., str]) -> None:
    """Images, used, limit, today, held and percent of each, and the sum; the ids whole, but for the narrowest."""
    text, told = shown(width, "users"), json.loads(shown(None, "users", "--json"))
    for row in told["users"]:
        sizes = (in_mb(row[name]) for name in ("used_mb", "limit_mb", "reserved_mb"))
        counts = (f"{row['daily_used']}/{row['daily_limit']}", f"{row['percentage']:.1f}", str(row["images"]))
        assert [figure for figure in (*sizes, *counts) if figure not in text] == []
    assert [name for name in ("used_mb", "total_mb") if in_mb(told["global"][name]) not in together(text)] == []
    assert MEMBER in text
    assert LONGEST in text.replace("\n", "")


@pytest.mark.parametrize("width", WIDTHS)
def test_status_keeps_every_figure(width: int | None, shown: Callable[..., str]) -> None:
    """And whose limits they are, and until when."""
    for user in (MEMBER, LONGEST):
        text, told = shown(width, "status", user), json.loads(shown(None, "status", user, "--json"))
        figures = [
            in_mb(told[part][name]) for part in ("user", "global") for name in told[part] if name.endswith("_mb")
        ]
        assert [figure for figure in figures if figure not in text] == []
    text = together(shown(width, "status", MEMBER))
    assert f"The daily limit is {MEMBER}'s own, until 2999-01-02 03:04 UTC" in text
    assert "the storage limit is that for everybody" in text
    assert "The limits are those for everybody." in together(shown(width, "status", LONGEST))


@pytest.mark.parametrize("width", WIDTHS)
def test_events_always_say_what_happened(width: int | None, shown: Callable[..., str]) -> None:
    """Number, time, type, user and words of each event, the words whole."""
    text = together(shown(width, "events"))
    for part in (
        "ImageSaved", MEMBER, "2026", "text_to_image/image_1.png", "DAILY_LIMIT: 4 of 4 used", "a prize",
        "1234 a day until 2999-01-02 03:04 UTC", "45678.0 MB together",
    ):  # fmt: skip
        assert part.replace("text_to_image/", "") in text or part in text


@pytest.mark.parametrize("width", WIDTHS)
def test_images_keep_every_figure(width: int | None, shown: Callable[..., str]) -> None:
    """Name, size, pixels, time and kind of each."""
    text = shown(width, "images", MEMBER)
    assert "3 images" in text
    assert all(f"image_{number}.png" in text for number in (2, 3, 4))
    assert text.count("365x365") == 3
    assert "text_to_image" in text


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("words", ["", "said " * 40, "/a/path/" + "long/" * 30])
def test_no_table_loses_a_figure_at_any_width(width: int, words: str) -> None:
    """The rule of all tables: a figure stands whole on a line, and no line is wider than the terminal."""
    made = table("Title", ("", "name", "figure", "another", "words"), right=("figure", "another"))
    rows = [("OK", "short", "1,234,567.89 MB", "0.5", words), ("FAIL", "n" * 18, "7", "45,678.00 MB", words)]
    for row in rows:
        add_row(made, *row)
    screen = io.StringIO()
    Console(file=screen, width=width).print(made)
    lines = screen.getvalue().splitlines()
    assert max(map(len, map(str.rstrip, lines))) <= width
    for row in rows:
        assert all(any(figure in line for line in lines) for figure in row[1:4])
        assert row[4].replace(" ", "") in screen.getvalue().replace(" ", "").replace("\n", "") or width >= 60


FIGURES = ("asked", "made", "refused: daily", "own storage", "growth")
GROUPS = (FIGURES[:2], FIGURES[2:4], FIGURES[4:])


@pytest.mark.parametrize(("width", "heads"), [(90, 1), (60, 2), (44, 3), (30, 0)])
def test_columns_in_groups_are_folded_before_they_become_lines(width: int, heads: int) -> None:
    """Several tables under another, with the first column in each, so that figures of one kind stand in one column;
    a group is never parted, and lines of their own come where one has no room.
    """
    made = table("Title", ("week", *FIGURES), right=FIGURES, groups=GROUPS)
    rows = [("2026-W40", "2,696", "2,170", "702", "0", "2688.23 MB"), ("all", "19,024", "9", "1,085", "12", "-1.0 MB")]
    for row in rows:
        add_row(made, *row)
    screen = io.StringIO()
    Console(file=screen, width=width).print(made)
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert screen.getvalue().count("Title") == 1
    assert sum(line.strip().startswith("week") for line in lines) == heads
    assert all(any(figure in line for line in lines) for row in rows for figure in row)
    for group in GROUPS if heads else ():
        assert sum(all(name in line for name in group) for line in lines) == 1


def test_every_table_is_one_of_these() -> None:
    """No command makes a table of its own, which would have its own idea of what may be left out."""
    users = [
        path.name
        for path in (PROJECT / "adapters" / "cli").rglob("*.py")
        if "rich.table" in path.read_text(encoding="utf-8")
    ]
    assert users == ["tables.py"]


def test_a_page_of_images_says_how_many_are_older(abby: Abby, root: Path) -> None:
    """And how to see them."""
    told = abby("images", MEMBER, "--limit", "2", root=root)
    assert "1 older one beside these: --offset 2" in told.out
    assert "image_2.png" in abby("images", MEMBER, "--offset", "2", root=root).out
