"""The processes of a measurement: the real service on a root, the bare handler beside it, clients that are slow."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
STOP_SECONDS, LOOK_SECONDS = 40.0, 0.05
SETTINGS = {
    "GENERATOR": "sketch",
    "HTTP_PORT": "0",
    "MAX_USER_DAILY_GENS": "1000000",
    "MAX_USER_STORAGE_MB": "100000000",
    "MAX_GLOBAL_STORAGE_MB": "100000000",
    "IMAGE_GEN_SIZE_MB": "0.001",
}
"""Limits that nobody reaches, however many places are held at once; its log is as it is without a setting."""


class Served(NamedTuple):
    """A server, where it listens on this machine, and the folder of what it writes."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path


@contextmanager
def _started(*words: str, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-m", *words]
    with (
        said.open("wb") as out,
        subprocess.Popen(program, cwd=PROJECT, stdout=out, stderr=out) as process,
    ):
        try:
            yield process
            process.terminate()
            process.wait(STOP_SECONDS)
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes], said: Path) -> int:
    """The port that it names once it listens."""
    while process.poll() is None:
        if found := re.search(rb"PORT (\d+)|The page is at http://[^/\s]*:(\d+)/", said.read_bytes()):
            return int(found[1] or found[2])
        time.sleep(LOOK_SECONDS)
    sys.exit(f"A server ended before it was ready: {said.read_text('utf-8')}")


@contextmanager
def abby(folder: Path) -> Iterator[Served]:
    """`abby serve` on the root below a folder, until the block ends."""
    settings = folder / "settings.env"
    settings.write_text("".join(f"{name}={value}\n" for name, value in SETTINGS.items()), encoding="utf-8")
    words = ("adapters.cli", "--root", str(folder / "root"), "--env-file", str(settings), "serve")
    said = folder / "said.txt"
    with _started(*words, said=said) as process:
        yield Served(process, _port(process, said), folder)


@contextmanager
def bare(folder: Path, size_bytes: int) -> Iterator[Served]:
    """The bare handler, whose constant has so many bytes."""
    said = folder / "bare.txt"
    with _started("scripts.load.bare", str(size_bytes), said=said) as process:
        yield Served(process, _port(process, said), folder)


@contextmanager
def slow_clients(folder: Path, port: int, count: int) -> Iterator[None]:
    """So many clients that hold connections up, until the block ends."""
    with _started("scripts.load.slow", str(port), str(count), said=folder / "slow.txt"):
        yield
