"""A Python that has imported the program and forks it for each start, which then takes a tenth of the processor time.

    python -m tests.adapters.cli.prepared DESCRIPTOR

What is forked goes the way of `python -m MODULE` or `python -c CODE` from its first line on, with a working directory,
an environment, streams and an end of its own. Of each a keeper tells its process id and how it ended, and lets no other
process have that id before whoever asked for it is done with it. Elsewhere than on Linux a start is a new Python.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from threading import Thread
from types import ModuleType, TracebackType
from typing import IO, Self

FORKS = sys.platform == "linux"
IMPORTED = (
    "adapters.cli.app",
    "adapters.cli.providing",
    "adapters.cli.running",
    "adapters.cli.serving",
    "adapters.discord.bot",
    "adapters.discord.lifecycle",
    "adapters.main",
)
LONGEST_REQUEST_BYTES = 100_000
TOLD_BYTES = 16
"""What a keeper tells, with spaces before it."""
END_SECONDS = 20.0


class Forked:
    """A started program, told as to `python`; what tests use of a `subprocess.Popen`."""

    def __init__(self, program: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        self.pid, self._keeper = fork(program, env, cwd, theirs)
        for descriptor in theirs:
            os.close(descriptor)
        self.stdin: IO[str] = os.fdopen(pipes[0][1], "w", encoding="utf-8")
        self.stdout: IO[str] = os.fdopen(pipes[1][0], encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(pipes[2][0], encoding="utf-8")
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()
        self.wait()
        self._keeper.close()

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, or the signal that killed it as a negative number."""
        if self.returncode is None:
            if not select.select([self._keeper], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked program", timeout or 0)
            self.returncode = int(self._keeper.recv(TOLD_BYTES, socket.MSG_PEEK))
        return self.returncode

    def poll(self) -> int | None:
        """The same, or None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Sends it a signal, which nobody gets where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tells it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it without a word."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = END_SECONDS) -> tuple[str, str]:
        """What it has still to say, and its end."""
        self.stdin.close()
        said = ["", ""]

        def read(number: int, stream: IO[str]) -> None:
            said[number] = stream.read()

        readers = [Thread(target=read, args=each, daemon=True) for each in enumerate((self.stdout, self.stderr))]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
        return said[0], said[1]


def fork(
    program: Sequence[str], env: Mapping[str, str], cwd: Path, streams: Sequence[int]
) -> tuple[int, socket.socket]:
    """The process id of a program that is told as to `python`, with three streams that stay the caller's own; and the
    line to its keeper, which says with `TOLD_BYTES` how it ended, and goes when that is closed.
    """
    keeper, line = socket.socketpair()
    request = {"program": list(program), "env": dict(env), "cwd": str(cwd)}
    with line:
        socket.send_fds(_prepared(), [json.dumps(request).encode()], [line.fileno(), *streams])
    return int(keeper.recv(TOLD_BYTES)), keeper


@cache
def _prepared() -> socket.socket:
    """The line to the one of this process, which ends when the line does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        pipe = subprocess.PIPE  # as what is forked has, for Python asks of its streams once what they are
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=[theirs.fileno()], env=_importable()
        )

    def end() -> None:
        ours.close()
        process.communicate()

    atexit.register(end)
    return ours


def _importable() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}


def main(line: socket.socket) -> None:
    """Forks a keeper for each request, until nobody can ask any more."""
    gc.disable()
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, descriptors, _, _ = socket.recv_fds(line, LONGEST_REQUEST_BYTES, 4)
        if not request:
            return
        if os.fork() == 0:
            line.close()
            _keep(json.loads(request), *descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(request: dict[str, object], teller: int, *streams: int) -> None:
    """Forks the program, tells its id, waits for its end, tells that, and is there until it was heard."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(teller)
        _become(request, streams)
        return
    for descriptor in streams:
        os.close(descriptor)
    with socket.socket(fileno=teller) as told:
        told.sendall(f"{pid:{TOLD_BYTES}}".encode())
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        told.sendall(f"{code:{TOLD_BYTES}}".encode())
        with suppress(ConnectionResetError):
            told.recv(1)
    os._exit(0)


def _become(request: dict[str, object], streams: Sequence[int]) -> None:
    """The program, as if it was started so."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    cwd, env, program = request["cwd"], request["env"], request["program"]
    assert isinstance(cwd, str)
    assert isinstance(env, dict)
    assert isinstance(program, list)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    if "PYTHONUNBUFFERED" in env:
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, TextIOWrapper)
            stream.reconfigure(write_through=True)
    kind, what, *sys.argv[1:] = program
    if kind == "-c":
        sys.modules["__main__"] = main_module = ModuleType("__main__")
        sys.argv[0] = kind
        exec(compile(what, "<string>", "exec"), vars(main_module))
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
