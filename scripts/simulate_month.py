"""Makes a storage root with a month of use, through the real ledger: `python scripts/simulate_month.py DIR`.

200 users and 60,000 events, or as many as are asked for; the same seed gives the same events, by a fake clock that once
stands wrong. Nothing is synced, so it takes a minute and not hours, and each command is a batch of its own, as a
service with few callers writes it. Files of images are written where --pictures asks for them, for what stands at the
end: `audit`, `backup` and `export` need them, what reads the log alone does not.

With --record FILE it writes down, at random positions, what was live there, as lines of JSON: position, time, user and
the quota dictionary. `replay` must give the same.

With --all-kinds people have limits of windows, prices, tiers, grants and points too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

if find_spec("eventsourcing") is None or find_spec("PIL") is None:
    sys.exit(
        "Abby is not set up for this Python: run `python3 launch.py test --version`, then this by that of `.venv`."
    )
ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
from adapters.application.opening import acquire, give_back  # noqa: E402 - the lines above make it work from anywhere
from adapters.application.reading import quota_status  # noqa: E402 - as above
from adapters.archive.settling import Standing  # noqa: E402 - as above
from adapters.disk.files import Files  # noqa: E402 - as above
from adapters.engines.choice import default_engines  # noqa: E402 - as above
from adapters.eventlog.jsonl import JSONLRecorder  # noqa: E402 - as above
from adapters.ledger.hooks import LedgerHooks  # noqa: E402 - as above
from adapters.ledger.ledger import QuotaLedger  # noqa: E402 - as above
from adapters.ledger.projector import Projector  # noqa: E402 - as above
from adapters.ledger.snapshotting import Snapshotting  # noqa: E402 - as above
from domain.commands import SetPolicy  # noqa: E402 - as above
from projections.quota_state import QuotaState  # noqa: E402 - as above
from projections.standing_files import StandingFiles  # noqa: E402 - as above
from scripts.month.all_kinds import AllKinds  # noqa: E402 - as above
from scripts.month.life import FakeClock, Life, Shape  # noqa: E402 - as above
from scripts.month.pictures import pictures, write_pictures  # noqa: E402 - as above

USERS, EVENTS, DAYS, SEED = 200, 60_000, 30, 13


class Unsynced(Files):
    """The file system without its waits: what is made here can be made again."""

    def sync_data(self, fd: int) -> None:
        """Nothing."""

    def sync_directory(self, path: Path) -> None:
        """Nothing."""


class Hooks(LedgerHooks):
    """The watermark and the snapshots of a service, without its files."""

    def __init__(self, recorder: JSONLRecorder, projector: Projector) -> None:
        self._recorder = recorder
        self.snapshotting = Snapshotting(recorder, projector)

    def checkpoint(self) -> None:
        """All file work counts as done."""
        if self._recorder.checkpoint(self._recorder.head):
            self.snapshotting.watermark_written()

    def stopping(self) -> None:
        """The last such moment."""
        if self._recorder.checkpoint(self._recorder.head):
            self.snapshotting.stopping()


class Live(NamedTuple):
    """What is published at a moment, for the use case that tells a user's quota."""

    state: QuotaState
    clock: FakeClock

    @property
    def stale(self) -> None:
        """It is always up to date."""
        return

    def running(self) -> Any:
        """Itself: it is always up to date."""
        return self

    def now(self) -> str:
        """The ledger's present."""
        return max(self.clock(), self.state.last_at)


class Recording:
    """What was live at random positions, as it was then."""

    def __init__(self, clock: FakeClock, life: Life, *, positions: int, seed: int) -> None:
        self._clock = clock
        self._life = life
        self._random = Random(seed + 1)  # noqa: S311 - which positions are looked at is no secret
        self._due = sorted(self._random.sample(range(1, life.shape.events), min(positions, life.shape.events - 1)))
        self.rows: list[dict[str, Any]] = []

    def look(self, state: QuotaState) -> None:
        """Writes down what is live, at or right after each chosen position."""
        while self._due and state.position >= self._due[0]:
            self._due.pop(0)
            live, user = Live(state, self._clock), self._random.choice(self._life.users)
            status = quota_status(live, user)
            self.rows.append({"position": state.position, "at": live.now(), "user": user, "status": status})


class Made(NamedTuple):
    """What a simulation was: events, what was answered how often, files of images, and what was live where."""

    events: int
    told: dict[str, int]
    files: int
    rows: list[dict[str, Any]]


def simulate(
    root: Path,
    shape: Shape,
    *,
    seed: int = SEED,
    record: int = 0,
    with_pictures: bool = False,
    of: type[Life] = Life,
) -> Made:
    """Makes the root, with what people `of` such a life do. Raises FileExistsError where there is something already."""
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"{root} holds something already. Name an empty folder, or one that does not exist.")
    root.mkdir(parents=True, exist_ok=True)
    clock, projector = FakeClock(), Projector()
    recorder = JSONLRecorder(root, clock=clock, files=Unsynced(), on_event=projector.take)
    ledger = QuotaLedger(recorder, clock=clock, hooks=Hooks(recorder, projector), projector=projector)
    life = of(ledger, clock, shape, seed)
    recording = Recording(clock, life, positions=record, seed=seed)
    life.watchers.append(recording.look)
    life.live()
    ledger.close()
    recorder.close()
    files = write_pictures(root, ledger.state, _standing(root), pictures(), seed) if with_pictures else 0
    give_back(acquire(root, SetPolicy(), engines=default_engines(), clock=clock, files=Files()))
    return Made(ledger.state.position, dict(sorted(life.told.items())), files, recording.rows)


def _standing(root: Path) -> StandingFiles:
    """Which files stand by the log, each with the name that it was staged under."""
    standing = Standing()
    default_engines().log.open_for_reading(root, beyond_watermark=True, on_event=standing.take).close()
    return standing.files


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """A line of JSON each."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, metavar="DIR", help="an empty folder, or one that is made")
    parser.add_argument("--events", type=int, default=EVENTS, metavar="N", help=f"at least so many ({EVENTS:,})")
    parser.add_argument("--users", type=int, metavar="N", help=f"{USERS}; more for more events")
    parser.add_argument("--days", type=float, metavar="N", help=f"{DAYS}; more for more events")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"another month ({SEED})")
    parser.add_argument("--all-kinds", action="store_true", help="with windows, prices, tiers, grants and points too")
    parser.add_argument("--pictures", action="store_true", help="write the files of what stands at the end")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write down there what was live")
    parser.add_argument("--positions", type=int, default=1_000, metavar="N", help="at so many positions (1,000)")
    return parser


def main(words: list[str]) -> int:
    """Makes the month that the words ask for, and tells what it is."""
    options = _parser().parse_args(words)
    scale = max(1.0, sqrt(options.events / EVENTS))
    shape = Shape(options.users or round(USERS * scale), options.events, options.days or DAYS * scale)
    record = options.positions if options.record else 0
    life = AllKinds if options.all_kinds else Life
    try:
        made = simulate(options.root, shape, seed=options.seed, record=record, with_pictures=options.pictures, of=life)
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.record:
        write_rows(options.record, made.rows)
    print(f"{made.events:,} events of {shape.users:,} users in {shape.days:.0f} days, {made.files:,} files.")
    print(*(f"{count:>10,}  {answer}" for answer, count in made.told.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
