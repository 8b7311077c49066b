"""Logs for the tests of the two verifiers: a real one with every type of event, and forged ones made from it.

Forging shares no code with the product or the verifiers either: it splits lines, edits them, and makes chains and
watermarks anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from adapters.application.reserving import complete_generation
from adapters.application.results import Delivery, StoreSettings
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import (
    AdoptImage,
    Command,
    CompleteGeneration,
    DeleteImage,
    GiveGrant,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    SaveImage,
    SetPolicy,
    SetPreference,
    VoidGrant,
)
from domain.events import IdempotencyKey
from domain.limits import UserLimits
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.refusals import Refusal
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, UnassignTier

VERIFIER = Path(__file__).resolve().parent.parent.parent / "scripts" / "verify_log.py"
SECOND = Path(__file__).with_name("second_verifier.pl")
SECONDS = 120
"""The longest that a verifier may take."""
ENDING = 76
SLOT_BYTES, SLOT_DISTANCE = 512, 4096


async def make_real_log(root: Path) -> tuple[int, int]:
    """A log in which every type of event stands, made through StorageManager; gives the bytes used and held."""
    now = ["2026-03-10T12:00:00.000000Z"]
    limits = SetPolicy(user_bytes=100_000, pool_bytes=200_000, daily=8, gen_bytes=1_000, source="constructor")
    store = open_store(root, limits=limits, settings=StoreSettings(check_images=False), clock=lambda: now[0])
    with StorageManager.over(store) as manager:
        await _first_day(manager, store)
        await _later_days(manager, store, now)
        _with_grants(store, now)
        _market(store)
        _with_tiers(store)
        _nearly_reached(store)
        _with_asks(store)
        pool = store.opened().ledger.state.pool
        return pool.used_bytes, pool.held_bytes


async def _first_day(manager: StorageManager, store: Storage) -> None:
    """Saves, reservations, a delivery, releases of each kind, limits and a refusal."""
    assert (await manager.save_image(b"a" * 500, "42", "cat.png"))[0]
    _, _, held = await manager.reserve("42", 3, operation="text_to_image", request='a "quoted" key \\ \u00e9')
    assert held is not None
    await complete_generation(
        store, "42", held.reservation, Delivery("stability", "sdxl-1.0", 6.875, 2, 0.4, 4294967295)
    )
    assert (await manager.save_image(b"b" * 700, "42", "text_to_image", reservation=held, request="k/save"))[0]
    assert (await manager.release(held, reason="moderated", count=1, request="k/release"))[0]
    assert (await manager.save_image(b"c" * 900, "42", "CAT.png", reservation=held))[0]
    execute(store, SetPolicy("system", "environment", moderated_free=True))
    _, _, held = await manager.reserve("7", 2)
    assert held is not None
    await complete_generation(store, "7", held.reservation, Delivery("sketch", "v1", 1.5, 1))
    assert (await manager.release(held, reason="moderated", count=1))[0]
    assert (await manager.release(held, reason="failed"))[0]
    await complete_generation(store, "7", held.reservation, Delivery("sketch", "v1", 0.25, 1, seed=-1))
    for name in ("t1.png", "sub/t2.png", "t3.png"):
        assert (await manager.save_image(name.encode() * 9, "7", name, is_temp=True))[0]
    assert manager.override_limits("7", max_user_daily_gens=0, until="2026-04-01T00:00:00.000000Z")[0]
    assert not (await manager.save_image(b"d", "7", "d.png"))[0]
    assert manager.override_limits("7")[0]
    execute(store, SetPreference("42", "page", "style", "pixel-art", "http", IdempotencyKey("p", "0f" * 32)))


async def _later_days(manager: StorageManager, store: Storage, now: list[str]) -> None:
    """A reset under an open reservation, deletions, a cleanup, an expiry, a corrected clock, and life after it."""
    _, _, held = await manager.reserve("42", 2)
    assert held is not None
    assert manager.reset_daily("42", "kindness")[0]
    assert (await manager.release(held, count=1))[0]
    assert manager.delete_image("42", "cat.png")[0]
    assert (await manager.save_image(b"e" * 80, "7", "T3.png", is_temp=True))[0]
    now[0] = "2026-03-20T12:00:00.000000Z"
    assert manager.cleanup_old_files(7) == (3, 0.0)
    assert manager.cleanup_old_files(7) == (0, 0.0)
    adopted = AdoptImage("old", "cli", "adopted.gif", 4_000, "ab" * 32, "image/gif", 1, 1, "5a" * 16)
    execute(store, adopted)
    for user in ("42", "7"):
        _, _, held = await manager.reserve(user, 2)
    assert held is not None
    await complete_generation(store, "7", held.reservation, Delivery("sketch", "v1", 1e-7, 1))
    now[0] = "2026-03-20T11:00:00.000000Z"
    assert manager.clock_corrected()[0]
    assert (await manager.save_image(b"f" * 60, "42", "after.webp"))[0]
    assert manager.delete_image("42", "after.webp")[0]
    _, _, held = await manager.reserve("42", 2)


def _with_grants(store: Storage, now: list[str]) -> None:
    """Limits of windows, one of them tried out, prices, grants drawn on and given back to, in time and rolled over."""
    windows = (("guild/day/generations", 1), ("user/month/credits", 10_000), ("pool/month/credits", 1_000_000))
    execute(store, SetPolicy("system", "environment", daily=2, windows=windows, unenforced=("guild/day/generations",)))
    own = (("user/week/generations", 9), ("user/day/credits", 9_500))
    execute(store, OverrideLimits("9", "cli", "a game", windows=own))
    rolls = {"expires_at": "2026-03-21T00:00:00.000000Z", "rollover_until": "2026-03-25T00:00:00.000000Z"}
    request = IdempotencyKey("g", "0f" * 32)
    execute(store, GiveGrant("9", "discord:1", "g1", "generations", 5, "a contest", priority=3, rollover=2,
                             **rolls, origin="guild:9", idempotency_key=request))  # fmt: skip
    execute(store, GiveGrant("9", "cli", "g2", "credits", 1_500, "an offer", "bought"))
    execute(store, GiveGrant("9", "cli", "g3", "bytes", 10, "a present", "gifted"))
    execute(store, GiveGrant("9", "cli", "g4", "credits", 9_000, "a present", "gifted"))
    execute(store, priced("drawing", 4, 3_000))
    for number, cost in enumerate((2_500, None, 4_000)):
        if cost is not None:
            execute(store, CompleteGeneration("9", "discord:9", "drawing", "stability", "core", 4.5, cost=cost))
        if number < 2:
            execute(store, saved_of("drawing", number))
    execute(store, ReleasePlaces("9", "discord:9", "drawing", "failed", 1, provider="stability"))
    execute(store, ReleasePlaces("9", "discord:9", "drawing", "unknown", 1))
    execute(store, priced("free", 2, 0))
    execute(store, ReleasePlaces("9", "discord:9", "free", "moderated"))
    now[0] = "2026-03-21T09:00:00.000000Z"
    execute(store, priced("rolled", 3, 100))
    execute(store, ReleasePlaces("9", "discord:9", "rolled", "cancelled", 2))
    execute(store, VoidGrant("9", "discord:1", "g1", "a mistake"))
    assert isinstance(store.opened().ledger.execute(priced("refused", 1, 40_000)), Refusal)
    execute(store, GiveGrant("9", "cli", "g5", "generations", 1, "a present", "earned"))
    execute(store, priced("last", 1, 100))


def priced(reservation: str, count: int, credits_each: int) -> ReserveGeneration:
    """A request of user 9 in a guild, with what it costs."""
    return ReserveGeneration(
        user="9",
        by="discord:9",
        reservation=reservation,
        ttl_seconds=900,
        count=count,
        style="anime",
        provider="stability",
        model="core",
        credits_each=credits_each,
        origin="guild:9",
    )


def saved_of(reservation: str, number: int) -> SaveImage:
    """An image of user 9 that settles a place; its bytes are nobody's."""
    return SaveImage(
        user="9",
        by="discord:9",
        name=f"priced{number}.png",
        bytes=100,
        sha256="ab" * 32,
        media_type="image/png",
        width=1,
        height=1,
        staged=f"{number}b" * 16,
        new_reservation="none",
        reservation=reservation,
    )


def _market(store: Storage) -> None:
    """Points of each kind, an offer that is bought and withdrawn, a picture that is marked, and no longer."""
    offer, request = Offer("ten", "generations", 10, 5, 30), IdempotencyKey("m", "0f" * 32)
    execute(store, SetOffer("cli", offer, "a fair"))
    execute(store, MovePoints("42", "cli", "mint", 50, "a game"))
    execute(store, GivePoints("42", "page", "7", 6, "thanks", "http", request))
    execute(store, ClaimDaily("42", "page", 3))
    mark = SetFavourite("42", "page", "old", "adopted.gif", on=True, reward=2)
    execute(store, mark)
    execute(store, mark._replace(on=False))
    execute(store, BuyOffer("42", "page", "ten", "b1", offer))
    execute(store, WithdrawOffer("cli", "ten", "it is over"))
    execute(store, MovePoints("7", "cli", "burn", 1, "a mistake"))


def _with_tiers(store: Storage) -> None:
    """Tiers of user 8 by a group and by hand, one of which is taken back, and one is taken away from all."""
    limits = UserLimits(user_bytes=9_000, daily=9, windows=(("user/month/credits", 20_000),))
    request, groups = IdempotencyKey("t", "0f" * 32), ("group:vip", "guild:9/role:5")
    allowed: dict[str, Any] = {"providers": ("sketch",), "models": ("v1", "v2"), "operations": ("upscale",)}
    execute(store, DefineTier("discord:1", "gold", limits, "boosters", groups, **allowed, weight=3, waiting=7,
                              origin="guild:9", idempotency_key=request))  # fmt: skip
    execute(store, DefineTier("cli", "blue", UserLimits(), "a name"))
    execute(store, DefineTier("cli", "everybody", UserLimits(daily=1), "a rule"))
    execute(store, AssignTier("8", "cli", "gold", "a contest", "2026-04-01T00:00:00.000000Z"))
    execute(store, AssignTier("8", "cli", "blue", "a game"))
    execute(store, SeeGroups("8", "discord:8", "guild:9", ("guild:9/role:5",), "guild:9"))
    execute(store, UnassignTier("8", "cli", "gold", "it is over"))
    execute(store, DefineTier("cli", "blue", None, "it is over"))


def _nearly_reached(store: Storage) -> None:
    """Limits of a user, a guild and the pool that are told, one of them anew after it had fallen."""
    windows = (("guild/week/generations", 5), ("user/month/credits", 10_000), ("pool/month/credits", 1_000_000))
    told = (80, 95, 100)
    execute(store, SetPolicy("system", "environment", windows=windows, unenforced=(), tell_at=told))
    execute(store, OverrideLimits("30", "cli", "a game", user_bytes=1_000, daily=5))
    execute(store, OverrideLimits("31", "cli", "a game", daily=99))
    asked = priced("nearly", 4, 2_000)._replace(user="30", bytes_each=0, origin="direct")
    execute(store, asked)
    execute(store, asked._replace(reservation="all", count=1, credits_each=0))
    brought = AdoptImage("30", "cli", "full.png", 800, "ab" * 32, "image/png", 1, 1, "6a" * 16)
    execute(store, brought)
    execute(store, DeleteImage("30", "cli", "full.png"))
    execute(store, brought._replace(name="again.png", staged="6b" * 16))
    execute(store, asked._replace(user="31", reservation="guilds", credits_each=0, origin="guild:8"))
    execute(store, brought._replace(user="31", bytes=195_000, staged="6c" * 16))


def _with_asks(store: Storage) -> None:
    """Users who ask for more: an approval of less until a time, one of what was asked for, a denial, what is open."""
    request = IdempotencyKey("q", "0f" * 32)
    execute(store, AskForMore("50", "discord:50", "q1", 2_500, "user/month/credits", "a fair", "guild:9", request))
    execute(store, AnswerAsk("50", "discord:1", "q1", "approved", 2_000, "qg1", 7, "for the fair", "guild:9", request))
    execute(store, AskForMore("50", "page", "q2", 3, "user/day/generations"))
    execute(store, AnswerAsk("50", "cli", "q2", "denied", reason="not this week"))
    execute(store, AskForMore("50", "page", "q3", 1_000, "user/storage"))
    execute(store, AnswerAsk("50", "cli", "q3", "approved", grant="qg3"))
    execute(store, AskForMore("50", "page", "q4", 1, "user/week/generations"))
    execute(store, AskForMore("51", "page", "q5", 1, "user/week/generations"))
    execute(store, AnswerAsk("51", "page", "q5", "withdrawn"))


def execute(store: Storage, command: Command) -> None:
    """A command that StorageManager has no call for."""
    assert not isinstance(store.opened().ledger.execute(command), Refusal)


class Line(NamedTuple):
    """An event line without position, batch and hash, which a chain is made with; `ends` closes its batch."""

    type: str
    tags: str
    data: str
    ends: bool = True

    @property
    def members(self) -> dict[str, Any]:
        """The members of `data`."""
        found: dict[str, Any] = json.loads(self.data)
        return found

    def with_data(self, **changes: Any) -> Line:
        """With some members of `data` changed, in their places; None takes one away."""
        members = self.members | changes
        return self._replace(data=spelled({name: value for name, value in members.items() if value is not None}))


def spelled(value: object) -> str:
    """JSON in the log's one form."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def header_of(log: bytes) -> bytes:
    """The header line with its LF."""
    return log[: log.index(b"\n") + 1]


def lines_of(log: bytes) -> list[Line]:
    """The events of a log that is whole."""
    lines = []
    for line in log.split(b"\n")[1:-1]:
        event = json.loads(line)
        tags, data = line[: -ENDING + 1].decode().split(',"tags":', 1)[1].split(',"data":', 1)
        lines.append(Line(event["type"], tags, data, event["pos"] == event["batch"][1]))
    return lines


def chained(header: bytes, lines: Iterable[Line], *, member: str = "data") -> bytes:
    """A log with these events, its positions, batches and hashes made anew: what a careful forger would write."""
    lines = list(lines)
    digest = sha256(header[:-1]).digest()
    log, first = [header], 1
    for position, line in enumerate(lines, 1):
        last = next((p for p in range(position, len(lines)) if lines[p - 1].ends), len(lines))
        place = f'{{"pos":{position},"batch":[{first},{last}],"type":"{line.type}"'
        body = f'{place},"tags":{line.tags},"{member}":{line.data}'.encode("utf-8", "surrogateescape")
        digest = sha256(digest + body).digest()
        log.append(b'%b,"hash":"%b"}\n' % (body, digest.hex().encode()))
        first = position + 1 if position == last else first
    return b"".join(log)


def rehashed(header: bytes, bodies: Iterable[bytes]) -> bytes:
    """A log of these lines, whatever they are, without their last 75 bytes, with a chain of hashes made anew."""
    digest = sha256(header[:-1]).digest()
    log = header
    for body in bodies:
        digest = sha256(digest + body).digest()
        log += body + b',"hash":"' + digest.hex().encode() + b'"}\n'
    return log


def bodies_of(log: bytes) -> list[bytes]:
    """The event lines of a log without what ends them."""
    return [line[: -ENDING + 1] for line in log.split(b"\n")[1:-1]]


def slot(log: bytes, position: int, /, *, counter: int = 3, **changes: object) -> bytes:
    """A slot of the watermark for the first events of a log; `changes` forge its members."""
    header = header_of(log)
    taken = prefix(log, position)
    digest = taken[-67:-3].decode() if position else sha256(header[:-1]).hexdigest()
    members = {"log": header[8:40].decode(), "counter": counter, "position": position, "size": len(taken)}
    body = spelled(members | {"hash": digest, "reconciled": position} | changes)[:-1].encode()
    return (body + b',"check":"' + sha256(body).hexdigest().encode() + b'"}').ljust(SLOT_BYTES - 1) + b"\n"


def prefix(log: bytes, position: int) -> bytes:
    """A log up to and with a position."""
    return b"".join(line + b"\n" for line in log.split(b"\n")[: position + 1])


def head(*slots: bytes) -> bytes:
    """A watermark of one or two slots, the one that was written last at the end."""
    former = slots[0] if len(slots) == 2 else b""
    return former.ljust(SLOT_DISTANCE, b"\0") + slots[-1]


class Case(NamedTuple):
    """One file, with or without a watermark, and what both verifiers must say; None where only that they agree.

    `position` is where it shows, `rule` the rule of the document that it breaks, `sums` the bytes used and held.
    `is_copy`: a file beside it says that it is the copy of a log in a database.
    """

    name: str
    log: bytes
    head: bytes | None = None
    verdict: str | None = None
    position: int | None = None
    rule: str | None = None
    sums: tuple[int, int] | None = None
    is_copy: bool = False


Judge = Callable[[Iterable[Case]], int]
"""Has both verifiers look at cases and compares what they say; gives how many there were."""
Lie = Callable[[list[Line]], int]
"""Changes events in place; gives the position at which it must show."""


def find(lines: list[Line], type_name: str, **members: object) -> int:
    """The index of the first event of a type with these members."""
    return next(
        index for index, line in enumerate(lines) if line.type == type_name and members.items() <= line.members.items()
    )


def changed(type_name: str, where: Mapping[str, object] | None = None, **changes: Any) -> Lie:
    """Some members of the first such event are others; None takes one away."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **(where or {}))
        lines[index] = lines[index].with_data(**changes)
        return index + 1

    return lie


def respelled(type_name: str, old: str, new: str, **where: object) -> Lie:
    """The data of the first such event are spelled otherwise."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **where)
        assert old in lines[index].data
        lines[index] = lines[index]._replace(data=lines[index].data.replace(old, new))
        return index + 1

    return lie


def retagged(type_name: str, tags: str, **where: object) -> Lie:
    """The tags of the first such event are others."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **where)
        assert lines[index].tags != tags
        lines[index] = lines[index]._replace(tags=tags)
        return index + 1

    return lie


def repeated(type_name: str, where: Mapping[str, object] | None = None, **changes: Any) -> Lie:
    """The first such event happens a second time, with some members changed."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **(where or {}))
        lines.insert(index + 1, lines[index].with_data(**changes)._replace(ends=lines[index].ends))
        return index + 2

    return lie


def left_out(type_name: str, shows_after: int, **where: object) -> Lie:
    """The first such event never happened, which shows so many events after it."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **where)
        del lines[index]
        return index + 1 + shows_after

    return lie


def start(*arguments: str | Path, program: Path = VERIFIER) -> subprocess.CompletedProcess[str]:
    """The program as somebody starts it, with nothing of ours on its path."""
    command = [sys.executable, "-I", "-S", str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
