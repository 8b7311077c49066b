"""The real bot as a process of its own, sent to a fake Discord: its start, its log, its signals and its end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.adapters.cli.prepared import FORKS, TOLD_BYTES, fork
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Bell

ROOT = Path(__file__).parents[3]
MOST_LINES = 100_000
KILLED_AFTER_SECONDS = 30.0


class ForkedProcess:
    """A Python that was forked; what is used of `asyncio.subprocess.Process`, with both its outputs in one."""

    def __init__(self, pid: int, keeper: socket.socket, stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._keeper = keeper
        self._ended = asyncio.create_task(self._hear_of_its_end())

    @classmethod
    async def start(cls, program: Sequence[str], env: Mapping[str, str]) -> Self:
        """Starts what stands behind `python`, in the project's folder."""
        loop, stdout = asyncio.get_running_loop(), asyncio.StreamReader()
        ours, theirs = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        pid, keeper = await loop.run_in_executor(None, fork, program, env, ROOT, (nothing, theirs, theirs))
        os.close(nothing)
        os.close(theirs)
        keeper.setblocking(False)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(ours, "rb"))
        return cls(pid, keeper, stdout)

    async def wait(self) -> int:
        """The exit code, or the signal that killed it as a negative number."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """Sends it a signal, which nobody gets where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it without a word."""
        self.send_signal(signal.SIGKILL)

    async def _hear_of_its_end(self) -> int:
        with self._keeper:
            self.returncode = int(await asyncio.get_running_loop().sock_recv(self._keeper, TOLD_BYTES))
        return self.returncode


class BotProcess:
    """A running command; its standard output and error are one log. Left behind, it is killed by `async with`."""

    def __init__(self, process: asyncio.subprocess.Process | ForkedProcess, fake: FakeDiscord) -> None:
        self.lines: list[str] = []
        self._process = process
        self._fake = fake
        self._bell = Bell()
        self._ready_before = fake.gateway.counts["ready"]
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, argv: Sequence[str | Path], env: Mapping[str, str], fake: FakeDiscord) -> Self:
        """Starts the command in the project's folder, with `env` and the addresses of the fake added to ours. A Python
        is forked where that is possible, with the program imported already.

        `env` has the last word, so that a test may give a wrong token.
        """
        own = {name: value for name, value in os.environ.items() if not name.startswith("DISCORD_")}
        whole = {**own, "PYTHONUNBUFFERED": "1", **fake.environment, **env}
        words = [str(word) for word in argv]
        if FORKS and words[0] == sys.executable:
            return cls(await ForkedProcess.start(words[1:], whole), fake)
        process = await asyncio.create_subprocess_exec(
            *words, cwd=ROOT, env=whole, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        return cls(process, fake)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    @property
    def log(self) -> str:
        """All that it has written."""
        return "\n".join(self.lines)

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    async def ready(self, *, timeout: float = 60.0) -> None:
        """Waits until the fake has made it ready; an end before that is an AssertionError with its log."""
        online = asyncio.ensure_future(self._fake.online(self._ready_before + 1, timeout=timeout))
        ended = asyncio.ensure_future(self._process.wait())
        await asyncio.wait({online, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not online.done():
            online.cancel()
            await self._reading
            raise AssertionError(f"the bot ended with {self._process.returncode} before it was ready:\n{self.log}")
        await online

    async def logged(self, pattern: str, *, timeout: float = 10.0) -> re.Match[str]:
        """The first place in the log that matches, now or later."""
        return await self._bell.until(
            lambda: re.search(pattern, self.log), timeout=timeout, what=lambda: f"{pattern!r} in the log:\n{self.log}"
        )

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends it without a word."""
        self._process.kill()

    async def exit_code(self, *, timeout: float = KILLED_AFTER_SECONDS) -> int:
        """Waits for its end."""
        try:
            async with asyncio.timeout(timeout):
                code = await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"the bot still runs after {timeout} s:\n{self.log}") from None
        await self._reading
        return code

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if len(self.lines) < MOST_LINES:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._bell.ring()
