"""One neighbour against twenty honest users of a real service: they are served as before, and what is paid is kept.

| what one neighbour sends                 | what the others get                                                      |
|------------------------------------------|--------------------------------------------------------------------------|
| pictures that are costly to look at      | no place left: not looked at; else one at a time, behind who took less   |
| pictures that are large in memory        | one budget: over it refused by their header, within it they wait         |
| large bodies, or slow ones               | room by who holds least; slow ones are sent away while others wait       |
| silent sockets, half heads, slow readers | the place of the one that was waited for longest                         |
| requests of ids that nobody knows        | half of the line, never its last turn, and all of them are one owner     |
| requests of clients that hang up         | they leave the line; what was asked of the provider is kept              |

The short form asserts who was refused, what was kept, and the memory; the long one (`--thorough`) also how long the
honest ones waited at the 95th percentile, compared with what it was without the neighbour in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.adapters.cli import processes
from tests.adapters.cli.prepared import Forked
from tests.adapters.cli.processes import PROJECT, Service, environment, serving, write_env_file
from tests.adapters.http.wire import once, request
from tests.end_to_end.attacks import BAD, KINDS
from tests.hostile.builders import png

HONEST = 20
PEAK_BYTES = 700_000_000
TIMES_AS_LONG = 3
JSON = {"Content-Type": "application/json"}
SHORT_KINDS = ("tiny bombs of invented ids", "large bodies of invented ids", "closed sockets", "idle sockets")
BY_BAD = ("scan-heavy JPEGs", "tiny bombs")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="memory is told by /proc, and the attacks end by a signal"
)


class Figures(NamedTuple):
    """How long the answers took, and what they were."""

    seconds: list[float]
    answers: Counter[str]

    @property
    def p95(self) -> float:
        """The 95th percentile in seconds."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.95)]


async def ask(address: str, user: str, number: int) -> str:
    """One of the things that a user does; what came of it."""
    path = f"/v1/users/{user}"
    match number % 4:
        case 0:
            upload = request("POST", f"{path}/images", headers={"Content-Type": "image/png"}, body=png())
            answer = await once(address, upload)
        case 1:
            wish = json.dumps({"prompt": "a cat", "width": 64, "height": 64}).encode()
            answer = await once(address, request("POST", f"{path}/generations", headers=JSON, body=wish))
            if answer.status in (200, 201) and any(picture["not_kept"] for picture in answer.json["pictures"]):
                return "not kept"
        case 2:
            answer = await once(address, request("GET", f"{path}/images?limit=5"))
        case _:
            answer = await once(address, request("GET", f"{path}/quota"))
    return str(answer.status)


async def honest(address: str, seconds: float, pause_seconds: tuple[float, float] = (1.0, 3.0)) -> Figures:
    """Twenty users who each do a thing and think for a while, for so long."""
    found = Figures([], Counter())
    ends = time.monotonic() + seconds

    async def one(user: str) -> None:
        pauses = random.Random(user)
        for number in range(10**6):
            await asyncio.sleep(pauses.uniform(*pause_seconds))
            begun = time.monotonic()
            if begun > ends:
                return
            try:
                found.answers[await ask(address, user, number)] += 1
            except (OSError, EOFError, TimeoutError):
                found.answers["lost"] += 1
            found.seconds.append(time.monotonic() - begun)

    await asyncio.gather(*(one(f"honest{number}") for number in range(HONEST)))
    return found


@contextmanager
def attacking(address: str, kind: str, answers: Counter[str]) -> Iterator[None]:
    """Within this block the neighbour is at work; at its end the statuses that it got are noted."""
    program = [sys.executable, "-m", "tests.end_to_end.attacks", address, kind]
    with subprocess.Popen(program, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "begun\n"
            yield
        finally:
            process.terminate()
            with suppress(ValueError):
                answers.update(json.loads(process.communicate(timeout=30)[0] or "{}"))


def peak_bytes(process: subprocess.Popen[str] | Forked) -> int:
    """The most memory that the service ever had."""
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1_024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A real service, whose honest users are known to it and have places enough, and whose bad one has none."""
    folder = tmp_path_factory.mktemp("neighbours")
    env_file = write_env_file(
        folder / "settings.env", MAX_USER_DAILY_GENS="100000", MAX_GLOBAL_STORAGE_MB="100000", LOG_LEVEL="ERROR"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "LIFE_SECONDS", 3_600)
        stack = ExitStack()
        running = stack.enter_context(serving(folder / "root", env_file))
    with stack:
        taken = json.dumps({"daily": 0, "reason": "a test"}).encode()
        limits = request("PUT", f"/v1/admin/users/{BAD}/limits", headers=JSON, body=taken)
        assert asyncio.run(once(running.address, limits)).status == 200
        for number in range(HONEST):
            assert asyncio.run(ask(running.address, f"honest{number}", 0)) == "201"
        yield running


@pytest.mark.xdist_group("one neighbour after another of one service")
@pytest.mark.parametrize("kind", [*BY_BAD, *SHORT_KINDS])
def test_others_are_served_whatever_one_neighbour_sends(kind: str, service: Service) -> None:
    """For two seconds each; every request of theirs is answered, nothing is lost or not kept, and memory is bounded."""
    bad = Counter[str]()
    with attacking(service.address, kind, bad):
        found = asyncio.run(honest(service.address, 2, (0.2, 1.0)))
    assert len(found.seconds) > HONEST
    assert set(found.answers) <= {"200", "201"}
    assert peak_bytes(service.process) < PEAK_BYTES
    if kind in BY_BAD:
        assert set(bad) == {"429"}


@pytest.mark.thorough
@pytest.mark.timeout(1_800)
def test_honest_users_wait_no_three_times_as_long(
    service: Service, record_property: Callable[[str, object], None]
) -> None:
    """A minute alone, and a minute with each kind of neighbour, of one and the same service."""
    seconds = float(os.environ.get("NEIGHBOUR_SECONDS", "60"))
    slow, failed = {}, {}
    for kind in KINDS:
        alone = asyncio.run(honest(service.address, seconds / 2))
        bad = Counter[str]()
        with attacking(service.address, kind, bad):
            found = asyncio.run(honest(service.address, seconds))
        times = found.p95 / alone.p95
        peak = peak_bytes(service.process)
        told = f"p95 {alone.p95 * 1000:.0f} -> {found.p95 * 1000:.0f} ms ({times:.1f} times), {dict(found.answers)}"
        record_property(kind, f"{told}; peak {peak // 1_000_000} MB; the neighbour got {dict(bad)}")
        sys.stderr.write(f"{kind}: {told}; peak {peak // 1_000_000} MB; the neighbour got {dict(bad)}\n")
        if times > TIMES_AS_LONG:
            slow[kind] = times
        if not set(found.answers) <= {"200", "201"}:
            failed[kind] = found.answers
    assert peak_bytes(service.process) < PEAK_BYTES
    assert not failed
    assert not slow
