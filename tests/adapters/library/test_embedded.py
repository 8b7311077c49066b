"""A program that embeds the library: nothing is written to its standard output or standard error that it did not ask
for, whatever happens, and what it asks for it gets.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.adapters.cli.processes import PROJECT, environment

HOST = """
import asyncio, logging, sys
from pathlib import Path

{before}
from abby_core.generation import ImageGenerator
from abby_core.storage import StorageManager
from tests.emulators.emulator import Drop, Reply
from tests.emulators.stability import StabilityEmulator
from tests.adapters.eventlog.jsonl.logs import as_killed
from tests.hostile.builders import png

root = Path({root!r})


def save_and_break():
    with StorageManager(root, max_user_daily_gens=2) as storage:
        asyncio.run(storage.save_image(png(), "1", "a.png"))
        asyncio.run(storage.save_image(b"no picture", "1"))
        asyncio.run(storage.reserve("1", 9))
        storage.delete_image("1", "a.png")
        storage.cleanup_old_files(0)
    as_killed(root)
    with (root / "logs" / "events.jsonl").open("ab") as log:
        log.write(b'{{"torn')
    (root / "images" / "users" / "1").mkdir(parents=True, exist_ok=True)
    with StorageManager(root) as storage:
        asyncio.run(storage.save_image(png(), "1"))
        (root / "logs" / "events.jsonl").rename(root / "logs" / "gone")
        asyncio.run(storage.save_image(png(), "1"))


async def generate_with_retries():
    emulator = StabilityEmulator()
    emulator.script.extend([Reply(503), Reply(502), Drop()])
    async with emulator.serving() as address:
        generator = ImageGenerator("sk-" + "x" * 40, address, generator="stability")
        assert not (await generator.text_to_image("a boat"))[0]
        await generator.aclose()


save_and_break()
asyncio.run(generate_with_retries())
"""


def embedded(root: Path, before: str = "") -> tuple[str, str]:
    """What a host's process has on standard output and standard error after all of it."""
    done = subprocess.run(
        [sys.executable, "-c", HOST.format(before=before, root=str(root))],
        env=environment(PYTHONPATH=f"{PROJECT}:{PROJECT / 'adapters' / 'compat'}"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_a_host_that_says_nothing_of_logging_hears_nothing(tmp_path: Path) -> None:
    """Saves, refusals, a torn log, a log that is gone, a service that fails and is asked again."""
    assert embedded(tmp_path / "root") == ("", "")


def test_a_host_that_wants_to_hear_does(tmp_path: Path) -> None:
    """Through its own standard logging, with our loggers' names, and still not on standard output: whatever it has told
    structlog for itself.
    """
    before = "import structlog; structlog.configure(); logging.basicConfig(level=logging.DEBUG)"
    out, err = embedded(tmp_path / "root", before)
    assert out == ""
    for said in ("adapters.eventlog.jsonl.opening", "adapters.generation.calls", "a call is made again"):
        assert said in err


def test_every_log_entry_goes_through_the_standard_library() -> None:
    """structlog's own loggers print until somebody configures them; none is made."""
    made = re.compile(r"structlog\.(stdlib\.)?get_logger|PrintLogger|WriteLogger|print\(")
    found = {
        str(path.relative_to(PROJECT)): made.findall(path.read_text(encoding="utf-8"))
        for path in (PROJECT / "adapters").rglob("*.py")
        if made.search(path.read_text(encoding="utf-8"))
    }
    allowed = {path for path in found if path.startswith("adapters/cli/") or path == "adapters/main.py"}
    assert set(found) == allowed
    assert not any("get_logger" in "".join(words) for words in found.values())
