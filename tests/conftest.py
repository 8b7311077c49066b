"""What every test may ask for: the long form of a test, and a browser. What one area needs is made beside its tests."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import freezegun
import pytest
import typer.main

from tests.groups import scheduler, tell_groups

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHERE_CHROMIUM_STANDS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("C:/Program Files/Google/Chrome/Application/chrome.exe"),
)
ALLOCATED_BEFORE_GARBAGE_IS_LOOKED_FOR = 20_000
"""Objects; 700 are usual. The tests make values by the million, few of which are in a circle."""
HOW_TO_ENABLE = "no Chromium here; Debian and Ubuntu: sudo apt install chromium (elsewhere: install Chrome)"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--thorough` runs the long forms of the tests; `--pictures` lets them write pictures of the documents."""
    parser.addoption("--thorough", action="store_true", help="run the long form of each test that has one")
    parser.addoption("--pictures", action="store_true", help="take the pictures of the bot in docs/pictures anew")


def pytest_configure() -> None:
    """Takes Ctrl+C as usual where the tests were started without it, as `nohup` and a shell's `&` do: the programs that
    tests start and interrupt would inherit that. A clock that is moved by days moves no wait for a disk: the real
    monotonic clock, which freezegun moves along, skips no day.
    """
    freezegun.configure(extend_ignore_list=["adapters.disk.calls", "adapters.ledger.disk_wait"])
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell which tests stay together, and leave out what is marked `thorough` unless it is asked for."""
    if config.getoption("loadgroup", default=False):  # in a worker of pytest-xdist
        tell_groups(items)
    if config.getoption("--thorough"):
        return
    left_out = pytest.mark.skip(reason="the long form; run with --thorough")
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(left_out)


@pytest.hookimpl(optionalhook=True)  # where there is no pytest-xdist, nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Whoever shares the tests out to the workers."""
    return scheduler(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While the tests are gathered there is no garbage to look for. What was gathered stays to the end and is not gone
    through again and again; what tests leave is looked for, and seldom.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(ALLOCATED_BEFORE_GARBAGE_IS_LOOKED_FOR)
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures that tests recorded of themselves, a line each, where the long forms were asked for."""
    if terminalreporter.config.getoption("--thorough"):
        for report in terminalreporter.getreports("passed"):
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value} ({report.nodeid.partition('::')[2]})")


@pytest.fixture(scope="session", autouse=True)
def one_tree_of_commands() -> Iterator[None]:
    """Made for the first command line and kept, as it is the same for each: making it takes longer than a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether the long form is asked for; a test takes its counts by it."""
    return bool(request.config.getoption("--thorough"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser that drives the page. Without one the test is skipped, but under CI it fails."""
    found = find_chromium()
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"the browser checks may not be skipped under CI: {HOW_TO_ENABLE}", pytrace=False)
    pytest.skip(HOW_TO_ENABLE)


def find_chromium() -> str | None:
    """Where a Chromium stands on this machine, if anywhere."""
    named = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return named or next((str(path) for path in WHERE_CHROMIUM_STANDS if path.exists()), None)


def pytest_report_header() -> str:
    """One line that says on what the tests ran."""
    return f"abby: Python {sys.version.split()[0]} on {sys.platform}, browser {find_chromium() or 'none'}"
