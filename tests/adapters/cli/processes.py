"""Other processes: commands, a running service, a program that holds the log, and what is needed to make pictures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

from PIL import Image

from adapters.disk.files import Files
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.lock import read_holder
from tests.adapters.cli.prepared import FORKS, Forked

PROJECT = Path(__file__).parents[3]
SCHEMAS = PROJECT / "adapters" / "cli" / "schemas"
START = [sys.executable, "-m", "adapters.cli"]
WAIT_SECONDS = 20.0
LIFE_SECONDS = 45.0
START_LINES = 200
"""Lines that a starting service may print before it names its page."""
LOCK_LOOKS, LOOK_SECONDS = 100, 0.05
SMALL = ("--width", "64", "--height", "64")
"""Pictures of these tests are small, so that they are made quickly."""

HOLD = """
import sys
import time
from pathlib import Path
from adapters.engines.opening import open_store
root, address, after_seconds = sys.argv[1:]
store = open_store(Path(root))
if address and after_seconds == "0":
    store.opened().recorder.announce(address)
print("held", flush=True)
if address and after_seconds != "0":
    time.sleep(float(after_seconds))
    store.opened().recorder.announce(address)
sys.stdin.read()
store.close()
"""


class Ran(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object of standard output."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[Any]:
        """The JSON lines of standard output."""
        return [json.loads(line) for line in self.out.splitlines()]


class Service(NamedTuple):
    """A running `abby serve`."""

    address: str
    process: subprocess.Popen[str] | Forked


def environment(**more: str) -> dict[str, str]:
    """The environment of these processes: this one's without settings of ours, the project importable."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"} | more


def write_env_file(path: Path, **settings: str) -> Path:
    """A file of settings."""
    lines = {"GENERATOR": "sketch", "HTTP_PORT": "0"} | settings
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    path.chmod(0o600)  # there are secrets in some
    return path


def command(root: Path, env_file: Path, *words: str) -> list[str]:
    """The command line of `abby`."""
    return [*START, "--root", str(root), "--env-file", str(env_file), *words]


def run(arguments: Sequence[str], *, cwd: Path, **variables: str) -> Ran:
    """Runs a program to its end; `abby`, where its environment is the usual one, is forked."""
    if FORKS and not variables and [*arguments[:3]] == START:
        return _run_forked(arguments[1:], cwd)
    done = subprocess.run(
        arguments,
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run_changed(change: str, arguments: Sequence[str], *, cwd: Path) -> Ran:
    """Runs `abby` to its end, in which some lines of Python have changed something before."""
    program = _changed(change, arguments)
    return _run_forked(program, cwd) if FORKS else run([sys.executable, *program], cwd=cwd)


def _changed(change: str, arguments: Sequence[str]) -> list[str]:
    return ["-c", f"{change}\nfrom adapters.cli import main\nraise SystemExit(main())", *arguments[3:]]


def _run_forked(program: Sequence[str], cwd: Path) -> Ran:
    with Forked(program, environment(), cwd) as process:
        try:
            out, err = process.communicate(WAIT_SECONDS)
        finally:
            process.kill()
        return Ran(process.wait(), out, err)


@contextmanager
def started(arguments: Sequence[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs until the block ends, and no longer than LIFE_SECONDS, so that no test waits for ever."""
    process = subprocess.Popen(
        arguments,
        env=environment(**variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with _until_the_end(process):
        yield process


@contextmanager
def _until_the_end(process: subprocess.Popen[str] | Forked) -> Iterator[None]:
    end = Timer(LIFE_SECONDS, process.kill)
    end.start()
    with process:  # which waits for its end
        try:
            yield
            process.terminate()
            process.communicate(timeout=WAIT_SECONDS)
        finally:
            end.cancel()
            if process.poll() is None:
                process.kill()


@contextmanager
def serving(root: Path, env_file: Path, change: str = "") -> Iterator[Service]:
    """`abby serve`, from the line that names its page on, and until its lock file does too. Some lines of Python may
    change something in it before.
    """
    words = command(root, env_file, "serve")
    program = _changed(change, words) if change else words[1:]
    with ExitStack() as stack:
        if FORKS:
            process: subprocess.Popen[str] | Forked = Forked(program, environment(), Path.cwd())
            stack.enter_context(_until_the_end(process))
        else:
            process = stack.enter_context(started([sys.executable, *program]))
        assert process.stdout is not None
        for _ in range(START_LINES):
            line = process.stdout.readline()
            if "The page is at" in line:
                _wait_for_the_lock(root, process)
                yield Service(line.split(" at ")[1].split("/ ")[0], process)
                return
            assert line, f"the service ended: {process.communicate()[1]}"
        raise AssertionError("the service does not say where its page is")


def _wait_for_the_lock(root: Path, process: subprocess.Popen[str] | Forked) -> None:
    """Where the storage cannot be opened the lock never says it, and the test is about that."""
    lock = LogPaths.below(root).lock
    for _ in range(LOCK_LOOKS):
        if process.poll() is not None or read_holder(Files(), lock)[1] is not None:
            return
        time.sleep(LOOK_SECONDS)


@contextmanager
def holding(root: Path, address: str = "", *, after_seconds: float = 0) -> Iterator[int]:
    """A process that embeds the storage, with no address or with one that it tells so late; its pid."""
    arguments = [sys.executable, "-c", HOLD, str(root), address, str(after_seconds)]
    with started(arguments) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid


def png(size_bytes: int = 0) -> bytes:
    """A small whole PNG; of about so many bytes, where that is asked."""
    side = max(8, round((size_bytes / 3) ** 0.5))
    buffer = BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(buffer, "PNG")
    return buffer.getvalue()
