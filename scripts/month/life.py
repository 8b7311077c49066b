"""What the users of a simulated month do: a seeded sequence of commands to a real ledger, at the times of a fake clock.

Whoever runs it gives the ledger and the clock, and says how many events make the month; what a command means is the
domain's. Nothing here knows an outcome before the ledger has said it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import NamedTuple, TypeVar

from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted, Outcome
from domain.commands import (
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    FreshName,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    SetPreference,
)
from domain.events import IdempotencyKey
from domain.instants import day_of
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal
from projections.quota_state import QuotaState
from scripts.month.pictures import Picture, pictures

T = TypeVar("T")
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
HOURS = (1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 6, 6, 7, 6, 6, 6, 7, 8, 9, 10, 10, 8, 5, 3)
"""How much of a day happens in each of its hours."""
GUILDS = ("guild:801", "guild:802", "guild:803")
PROVIDERS = (("sketch", "sketch", None), ("openai", "gpt-image-1", 0.04), ("stability", "core", 0.03))
STYLES = ("enhance", "enhance", "enhance", "photographic", "photographic", "anime", "pixel-art", None)
"""What is asked for, as often as it stands here: as members of a server do, of whom most choose nothing."""
OPERATIONS = ("text_to_image", "text_to_image", "text_to_image", "image_to_image", "upscale")
CLOCK_WRONG_FROM, CLOCK_WRONG_UNTIL, CLOCK_AHEAD_DAYS = 0.55, 0.556, 3
STYLES_FROM = 0.1
"""Until then the log is that of a version which recorded neither styles nor who had been asked in vain."""
KEPT_DAYS = 7
TTL_SECONDS = 900


class Shape(NamedTuple):
    """How large a month is: users, events at least, days."""

    users: int
    events: int
    days: float


class FakeClock:
    """The time that the ledger is told; `ahead` is how far it stands wrong."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.ahead = timedelta()

    def __call__(self) -> str:
        """The present in the ledger's form."""
        moment = BEGIN + timedelta(seconds=self.seconds) + self.ahead
        return moment.isoformat(timespec="microseconds")[:26] + "Z"


class Life:
    """One month. `live` to its end; `told` counts the answers by what they were."""

    def __init__(self, ledger: QuotaLedger, clock: FakeClock, shape: Shape, seed: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self.shape = shape
        self._random = Random(seed)  # noqa: S311 - a made-up month is no secret
        self._pictures = list(pictures())
        self._users = [f"member-{number:03d}" for number in range(1, shape.users + 1)]
        self._weights = [0.3 + self._random.paretovariate(2.5) for _ in self._users]
        self._stopped: dict[str, str] = {}
        self._turning_points = self._planned()
        self._cleaned_on = ""
        self._mistakes = 0
        self.watchers: list[Callable[[QuotaState], None]] = []
        """Called after each command with what is published."""
        self.told: Counter[str] = Counter()

    @property
    def users(self) -> list[str]:
        """Everybody, whether or not they did something."""
        return self._users

    @property
    def progress(self) -> float:
        """How much of the month is over, by its events."""
        return self._ledger.state.position / self.shape.events

    def live(self) -> None:
        """Goes on until there are so many events."""
        acts = self._acts()
        names, weights = list(acts), list(acts.values())
        while self.progress < 1:
            self._pass_time()
            if self._turning_points and self._turning_points[0][0] <= self.progress:
                self._turning_points.pop(0)[1]()
            user = self._random.choices(self._users, self._weights)[0]
            if self._stopped.get(user) != day_of(self._clock()) or self._random.random() < 0.05:
                self._random.choices(names, weights)[0](user)

    def _acts(self) -> dict[Callable[[str], None], int]:
        """What is done, and how often beside the others."""
        return {self._generate: 660, self._save: 60, self._save_temp: 60, self._delete: 40, self._prefer: 10,
                self._insist: 6, self._err: 25, self._govern: 6}  # fmt: skip

    # -- time --------------------------------------------------------------------------------------

    def _pass_time(self) -> None:
        day, part = divmod(self.progress * self.shape.days, 1)
        share, hour = part * sum(HOURS), 0
        while share >= HOURS[hour]:
            share, hour = share - HOURS[hour], hour + 1
        due = (day * 24 + hour + share / HOURS[hour]) * 3600
        self._clock.seconds = max(self._clock.seconds + self._random.uniform(0.05, 0.5), due)
        if self._cleaned_on < (today := day_of(self._clock())) and hour >= 4:
            self._cleaned_on = today
            self._do(CleanUp(by="system", older_than_days=KEPT_DAYS))

    def _wait(self, least: float, most: float) -> float:
        waited = self._random.uniform(least, most)
        self._clock.seconds += waited
        return waited

    def _planned(self) -> list[tuple[float, Callable[[], object]]]:
        def policy(**limits: int | bool) -> Callable[[], object]:
            return lambda: self._do(SetPolicy(by="cli", source="environment", **limits))  # type: ignore[arg-type]  # limits by name

        share = self.shape.events / 60_000
        pools = [round(share * megabytes) * MEGABYTE for megabytes in (4_000, 7_000, 10_000)]
        own = round(share * 200 / self.shape.users * 60) * MEGABYTE
        return [
            (0.0, policy(user_bytes=own, pool_bytes=pools[0], daily=5)),
            (0.40, policy(pool_bytes=pools[1])),
            (CLOCK_WRONG_FROM, lambda: setattr(self._clock, "ahead", timedelta(days=CLOCK_AHEAD_DAYS))),
            (CLOCK_WRONG_UNTIL, self._correct_clock),
            (0.65, policy(daily=6)),
            (0.75, policy(moderated_free=True)),
            (0.85, policy(pool_bytes=pools[2])),
        ]

    def _correct_clock(self) -> None:
        self._clock.ahead = timedelta()
        for user in self._users[:3]:
            self._reserve(user)
        self._do(CorrectClock(by="cli"))
        self._cleaned_on = day_of(self._clock())
        self._stopped.clear()

    # -- generations -------------------------------------------------------------------------------

    def _generate(self, user: str) -> None:
        count = self._random.choices((1, 2, 4), (90, 7, 3))[0]
        reservation = self._reserve(user, count)
        if reservation is None:
            return
        fate, waited = self._random.random(), self._wait(1, 40)
        if fate < 0.05:
            self._fail(user, reservation, self._random.choice(("failed", "failed", "rejected", "unknown")))
        elif fate < 0.06:
            self._release(user, reservation, "cancelled")
        elif fate < 0.07:
            pass  # nobody ever asks again: it expires
        else:
            kept, seconds = fate >= 0.115, round(waited * self._random.uniform(0.2, 1), 3)
            self._deliver(user, reservation, count, seconds, moderated=fate < 0.11, kept=kept)

    def _reserve(self, user: str, count: int = 1) -> str | None:
        reservation = f"{self._random.getrandbits(128):032x}"
        reservation = f"{reservation[:12]}4{reservation[13:]}"
        command = ReserveGeneration(
            user=user,
            by=self._by(user),
            reservation=reservation,
            ttl_seconds=TTL_SECONDS,
            count=count,
            operation=self._random.choice(OPERATIONS),
            style=self._by_chance(reservation, STYLES),
            origin=self._origin(user),
            idempotency_key=_key(f"ask-{reservation[:16]}") if self._random.random() < 0.5 else None,
        )
        return None if self._refused(user, self._do(self._asked(command))) else reservation

    def _asked(self, command: ReserveGeneration) -> ReserveGeneration:
        """A request as it is sent."""
        return command

    def _told(self, command: CompleteGeneration) -> CompleteGeneration:
        """A delivery as it is told."""
        return command

    def _deliver(self, user: str, reservation: str, count: int, seconds: float, *, moderated: bool, kept: bool) -> None:
        provider, model, credit = self._random.choices(PROVIDERS, (3, 5, 4))[0]
        delivered = CompleteGeneration(
            user=user,
            by=self._by(user),
            reservation=reservation,
            provider=provider,
            model=model,
            seconds=seconds,
            count=count,
            credits=None if credit is None else round(credit * count, 2),
            seed=self._random.getrandbits(32),
        )
        self._do(self._told(delivered))
        if moderated:
            self._release(user, reservation, "moderated")
        elif kept:
            for _ in range(count):
                self._save(user, reservation)
        elif self._random.random() < 0.5:
            self._release(user, reservation, "not_kept")

    def _release(self, user: str, reservation: str, reason: str) -> None:
        self._do(ReleasePlaces(user, self._by(user), reservation, reason))

    def _fail(self, user: str, reservation: str, reason: str) -> None:
        """A provider was asked, and nothing came."""
        tried = self._by_chance(reservation, [name for name, _, _ in PROVIDERS])
        self._do(ReleasePlaces(user, self._by(user), reservation, reason, provider=tried))

    def _by_chance(self, reservation: str, choices: Sequence[T]) -> T | None:
        """One of these, by the id alone, so that whatever else happens is what it was before there were any."""
        return None if self.progress < STYLES_FROM else choices[int(reservation[:8], 16) % len(choices)]

    # -- images ------------------------------------------------------------------------------------

    def _save(self, user: str, reservation: str | None = None) -> None:
        folder = self._random.choice((None, "text_to_image", "trips"))
        self._refused(user, self._do(self._picture(user, FreshName(folder, "png"), reservation)))

    def _save_temp(self, user: str) -> None:
        command = self._picture(user, FreshName(None, "png"), None)
        self._refused(user, self._do(command._replace(temp=True)))

    def _picture(self, user: str, name: str | FreshName, reservation: str | None) -> SaveImage:
        picture: Picture = self._random.choice(self._pictures)
        return SaveImage(
            user=user,
            by=self._by(user),
            name=name,
            bytes=picture.size_bytes,
            sha256=picture.sha256,
            media_type="image/png",
            width=1024,
            height=1024,
            staged=f"{self._random.getrandbits(128):032x}",
            new_reservation=f"{self._random.getrandbits(128):032x}",
            operation=None if reservation else "unspecified",
            reservation=reservation,
            origin=self._origin(user),
        )

    def _delete(self, user: str) -> None:
        standing = self._ledger.state.gallery.newest_first(user)
        for image in standing[-self._random.randint(1, 8) :]:
            by, reason = ("discord:mod-1", "admin") if self._random.random() < 0.1 else (self._by(user), "user")
            self._do(DeleteImage(user, by, image.name, reason=reason, origin=self._origin(user)))
        if standing and self._random.random() < 0.2:  # an older picture is replaced by a new one under its name
            self._refused(user, self._do(self._picture(user, standing[0].name, None)))

    # -- what else people do -----------------------------------------------------------------------

    def _prefer(self, user: str) -> None:
        style = self._random.choice(("photographic", "anime", "watercolor"))
        self._do(SetPreference(user, self._by(user), "style", style))

    def _insist(self, user: str) -> None:
        """Asks again and again, whatever the answer is: more often than refusals are recorded."""
        for _ in range(28):
            self._wait(0.5, 3)
            if (reservation := self._reserve(user, 6)) is not None:
                self._release(user, reservation, "cancelled")

    def _err(self, user: str) -> None:
        """One of the requests that no limit refuses, and no log records."""
        by, unknown = self._by(user), "0" * 32
        key = _key(f"again-{self._random.getrandbits(64):016x}")
        mistakes: list[list[Command]] = [
            [ReserveGeneration(user, by, unknown, TTL_SECONDS, count=0)],
            [DeleteImage(user, by, "image_99999.png")],
            [ReleasePlaces(user, by, unknown, "failed")],
            [self._picture(user, "trips", None), self._picture(user, "trips/other.png", None)],
            [self._picture(user, "own.png", None)._replace(untracked=True)],
            [self._keyed(user, key), self._keyed(user, IdempotencyKey(key.key, "f" * 64))],
            [self._keyed(user, key), self._keyed(user, key)],
        ]
        self._mistakes += 1
        for command in mistakes[self._mistakes % len(mistakes)]:
            outcome = self._do(command)
            if isinstance(outcome, Accepted) and isinstance(command, ReserveGeneration):
                self._wait(0.1, 2)

    def _keyed(self, user: str, key: IdempotencyKey) -> ReserveGeneration:
        reservation = f"{self._random.getrandbits(128):032x}"
        return ReserveGeneration(user, self._by(user), reservation, TTL_SECONDS, exclusive=True, idempotency_key=key)

    def _govern(self, user: str) -> None:
        act = self._random.choice(("reset", "raise", "lower", "clear"))
        by, origin = f"discord:mod-{self._random.randint(1, 3)}", self._origin(user)
        if act == "reset":
            self._do(ResetDaily(user, by, "the provider was down", origin=origin))
            self._stopped.pop(user, None)
        elif act == "raise":
            until = f"{day_of(self._clock())}T23:59:59.000000Z" if self._random.random() < 0.5 else None
            self._do(OverrideLimits(user, by, "helps others", 120 * MEGABYTE, 12, until=until, origin=origin))
        else:
            daily = 2 if act == "lower" else None
            self._do(OverrideLimits(user, by, "as agreed", daily=daily, origin=origin))

    # -- the ledger --------------------------------------------------------------------------------

    def _refused(self, user: str, outcome: Outcome) -> bool:
        """Whether it was, and what people do then: give up for today, or make room."""
        if not isinstance(outcome, Refusal):
            return False
        if outcome.reason is Reason.DAILY_LIMIT and self._random.random() < 0.8:
            self._stopped[user] = day_of(self._clock())
        if outcome.reason is Reason.USER_STORAGE and self._random.random() < 0.7:
            self._delete(user)
        if outcome.reason is Reason.POOL_STORAGE:
            if self._random.random() < 0.15:
                self._delete(user)
            else:
                self._stopped[user] = day_of(self._clock())
        return True

    def _do(self, command: Command) -> Outcome:
        outcome = self._ledger.execute(command)
        if isinstance(outcome, Refusal):
            recorded = "recorded" if outcome.record else "not recorded"
            self.told[f"{outcome.reason.value}, {recorded}"] += 1
        else:
            self.told["accepted"] += 1
        for watch in self.watchers:
            watch(self._ledger.state)
        return outcome

    def _by(self, user: str) -> str:
        number = self._users.index(user) if len(self._users) < 300 else int(user.rpartition("-")[2])
        return ("library", "api:shop", "claimed:page")[number % 3] if number % 10 == 0 else f"discord:{user}"

    def _origin(self, user: str) -> str:
        number = int(user.rpartition("-")[2])
        return "http" if number % 10 == 1 else GUILDS[number % len(GUILDS)]


def _key(key: str) -> IdempotencyKey:
    return IdempotencyKey(key, sha256(key.encode()).hexdigest())
