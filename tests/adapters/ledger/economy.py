"""What everybody has by the documents alone: windows, storage, grants, reservations and points as plain dictionaries
and lists.

It shares no code with the rules. Who bears a place or a thousandth of a credit stands in a list, one entry for each:
the user's own windows first, then grants in the order in which they are drawn on. What is used up leaves a list at its
front, what goes back at its end. Seconds are counted from noon of the first day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.commands import (
    ChangePolicy,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    GiveGrant,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    VoidGrant,
)
from domain.point_commands import BuyOffer
from tests.adapters.ledger.trade import DONE, KEPT_SECONDS, NOTHING, PICTURES, Model, Step

LIMITS = (
    ("user/day/generations", 3),
    ("user/week/generations", 7),
    ("guild/day/generations", 5),
    ("pool/month/generations", 30),
    ("user/month/credits", 9),
    ("pool/week/credits", 30),
)
"""In the order in which they are asked; the storages after them."""
USER_BYTES, POOL_BYTES = 5, 9
REASONS = {LIMITS[0][0]: "DAILY_LIMIT", "user/storage": "USER_STORAGE", "pool/storage": "POOL_STORAGE"}
"""Those of limits that have their own; every other limit's is WINDOW_LIMIT."""
MODERATED_FREE = True
WINDOWS_KEPT = 3
"""Windows of each length that are kept for a guild and the pool: those that were begun last."""
DAY = 86_400
FIRST = date(2026, 3, 10)
NOON_SECONDS = 43_200
OWN = "own"
Labels = dict[str, tuple[object, ...]]


def day_at(second: int) -> date:
    """The day of so many seconds after noon of the first."""
    return FIRST + timedelta(days=(second + NOON_SECONDS) // DAY)


@lru_cache(maxsize=1_024)
def windows_at(day: date) -> Labels:
    """The window of each length that a day lies in."""
    return {"day": (day,), "week": day.isocalendar()[:2], "month": (day.year, day.month)}


class Economy(Model):
    """Points, and all that grants and reservations make of windows."""

    def __init__(self) -> None:
        super().__init__()
        self.grants: dict[tuple[str, str], dict[str, Any]] = {}
        self.holds: dict[str, dict[str, Any]] = {}
        self.counted: dict[tuple[str, str], dict[tuple[object, ...], dict[str, int]]] = {}
        self.today: dict[tuple[str, date], int] = {}
        self.resets: dict[tuple[str, date], int] = {}
        self.kept: dict[str, tuple[str, int]] = {name: (user, 1) for name, user in PICTURES.items()}
        self.unenforced: tuple[str, ...] = ()
        self.exceeded: list[str] = []
        self.second = self.last = 0

    @staticmethod
    def seconds_of(at: str | None) -> int | None:
        """Whole seconds from noon of the first until a time."""
        if at is None:
            return None
        return round((datetime.fromisoformat(at[:-1]) - datetime(2026, 3, 10, 12)).total_seconds())  # noqa: DTZ001 - both are UTC

    def used(self, scope: str, window: str, unit: str) -> int:
        """What a window counts now; of the unit `held`, thousandths of credits that are held in it."""
        today = day_at(self.second)
        if (window, unit) == ("day", "generations") and scope.startswith("user:"):
            return self.today.get((scope, today), 0)
        kept = self.counted.get((scope, window), {}).get(windows_at(today)[window])
        return kept[unit] if kept else 0

    def stored(self, user: str | None = None) -> tuple[int, int]:
        """Bytes that are kept, and those that open places hold: of a user, or of all."""
        kept = sum(size for owner, size in self.kept.values() if user in {None, owner})
        return kept, sum(
            self._open(hold)[0] * hold["size"] for hold in self.holds.values() if user in {None, hold["user"]}
        )

    def expects(self, step: Step, day: str, second: int) -> str:
        """The same at a time that is never before the last event's, where the clock is not corrected."""
        self.exceeded = []
        if isinstance(step.command, CorrectClock):
            self.second = second
            return self._correct(day)
        if second < self.last - DAY:
            return "CLOCK_BEHIND"
        self.second = max(second, self.last)
        outcome = super().expects(step, day_at(self.second).isoformat(), self.second)
        if outcome == DONE:
            self.last = self.second
        return outcome

    def carry_out(self, command: Any, day: str) -> str:  # noqa: C901, PLR0912 - a case for each command
        """What comes of any command."""
        match command:
            case GiveGrant():
                return self._give(command.user, command.grant, command._asdict())
            case VoidGrant(user, _, name):
                grant = self.grants.get((user, name))
                if grant is None:
                    return "NOT_FOUND"
                outcome, grant["void"] = NOTHING if grant["void"] else DONE, True
                return outcome
            case ReserveGeneration():
                return self._reserve(command)
            case CompleteGeneration():
                return self._complete(command)
            case SaveImage():
                return self._settle(command)
            case DeleteImage(user, _, name):
                if self.kept.get(name, ("", 0))[0] != user:
                    return "NOT_FOUND"
                del self.kept[name]
                return DONE
            case ReleasePlaces():
                return self._release(command)
            case ReleaseExpired():
                return self._sweep()
            case ResetDaily(user):
                return self._reset(f"user:{user}")
            case ChangePolicy(_, _, wanted):
                former, self.unenforced = self.unenforced, wanted.unenforced or ()
                return NOTHING if former == self.unenforced else DONE
            case BuyOffer(user, _, name, grant):
                offer = self.offers.get(name)
                outcome = super().carry_out(command, day)
                if outcome == DONE and offer is not None:
                    ends = None if offer.days is None else self.second + offer.days * DAY
                    self._give(user, grant, {**offer._asdict(), "ends": ends})
                return outcome
            case _:
                return super().carry_out(command, day)

    def check(self) -> None:
        """Nothing is made or lost: each unit of a grant is left, borne, used up or lapsed."""
        for (user, name), grant in self.grants.items():
            borne = sum(
                hold[unit].count(name)
                for hold in self.holds.values()
                if hold["user"] == user
                for unit in ("places", "price")
            )
            assert grant["amount"] == grant["left"] + grant["lapsed"] + grant["used"] + borne, (name, grant, borne)
        assert sum(self.points.values()) + self.market == self.made

    def _give(self, user: str, name: str, told: dict[str, Any]) -> str:
        if (user, name) in self.grants:
            return "NAME_TAKEN"
        self.given.add((user, name))
        self.grants[user, name] = {
            "unit": told["unit"], "amount": told["amount"], "left": told["amount"], "lapsed": 0, "used": 0,
            "void": False, "ended": False, "number": len(self.grants), "priority": told.get("priority", 0),
            "ends": told["ends"] if "ends" in told else self.seconds_of(told["expires_at"]),
            "rollover": told.get("rollover", 0), "until": self.seconds_of(told.get("rollover_until")),
        }  # fmt: skip
        return DONE

    def can_be_drawn(self, grant: dict[str, Any]) -> int:
        """What of a grant can be drawn now."""
        left: int = grant["left"]
        if grant["ends"] is None or self.second < grant["ends"]:
            return 0 if grant["void"] else left
        if grant["void"] or grant["until"] is None or self.second >= grant["until"]:
            return 0
        return left if grant["ended"] else min(left, grant["rollover"])

    def _touch(self, user: str, name: str, change: int) -> None:
        """Something is drawn (below 0) or comes back: of a grant that has ended, what does not roll over is gone."""
        grant = self.grants[user, name]
        if grant["ends"] is not None and self.second >= grant["ends"] and not grant["ended"]:
            grant["ended"] = True
            grant["lapsed"] += grant["left"] - min(grant["left"], grant["rollover"])
            grant["left"] = min(grant["left"], grant["rollover"])
        grant["left"] += change

    def _drawn(self, user: str, unit: str, amount: int) -> list[str]:
        """Who bears so much of a unit: the highest priority first, then what ends first, then the oldest."""
        own = [(name, grant) for (whose, name), grant in self.grants.items() if (whose, grant["unit"]) == (user, unit)]
        never = float("inf")

        def order(named: tuple[str, dict[str, Any]]) -> tuple[Any, ...]:
            grant = named[1]
            is_over = grant["ends"] is not None and self.second >= grant["ends"]
            ends = grant["until"] if is_over else grant["ends"]
            return -grant["priority"], never if ends is None else ends, grant["number"]

        units = [name for name, grant in sorted(own, key=order) for _ in range(self.can_be_drawn(grant))]
        return units[:amount]

    def _full(self, user: str, guild: str | None, wanted: dict[str, int]) -> list[tuple[str, str, int, str]]:
        """The limits that have no room, in their order: scope, unit, what of it they have no room for, name."""
        scopes, full = {"user": f"user:{user}", "guild": guild, "pool": "pool"}, []
        for name, most in LIMITS:
            scope, window, unit = name.split("/")
            whose = scopes[scope]
            over = 0 if whose is None else self.used(whose, window, unit) + wanted[unit] - most
            if over > 0 and wanted[unit]:
                full.append((scope, unit, min(over, wanted[unit]), name))
        given = sum(
            self.can_be_drawn(grant)
            for (whose, _), grant in self.grants.items()
            if (whose, grant["unit"]) == (user, "bytes")
        )
        for whose, most, name in ((user, USER_BYTES + given, "user/storage"), (None, POOL_BYTES, "pool/storage")):
            if wanted["bytes"] > 0 and sum(self.stored(whose)) + wanted["bytes"] > most:
                full.append((name, "bytes", 0, name))
        return full

    def _decided(self, user: str, guild: str | None, wanted: dict[str, int]) -> str | dict[str, list[str]]:
        """Who bears places and price, or the reason of a refusal."""
        full = self._full(user, guild, wanted)
        enforced = [limit for limit in full if limit[3] not in self.unenforced]
        bearers = {}
        for unit in ("generations", "credits"):
            missing = max([over for scope, of, over, _ in enforced if (scope, of) == ("user", unit)], default=0)
            drawn = self._drawn(user, unit, missing)
            bearers[unit] = [OWN] * (wanted[unit] - len(drawn)) + drawn
        for scope, unit, over, name in enforced:
            if scope != "user" or over > sum(bearer != OWN for bearer in bearers[unit]):
                return REASONS.get(name, "WINDOW_LIMIT")
        self.exceeded = [REASONS.get(name, name) for _, _, _, name in full if name in self.unenforced]
        return bearers

    def _reserve(self, command: ReserveGeneration) -> str:
        user, count, each = f"user:{command.user}", command.count, command.credits_each
        of_credits = [name for name, _ in LIMITS if name.endswith("credits") and name not in self.unenforced]
        if each is None and of_credits:
            return "PRICE_UNKNOWN"
        wanted = {"generations": count, "credits": count * (each or 0), "bytes": count * (command.bytes_each or 0)}
        bearers = self._decided(command.user, command.origin, wanted)
        if isinstance(bearers, str):
            return bearers
        day = day_at(self.second)
        for unit in bearers:
            for name in bearers[unit]:
                if name != OWN:
                    self._touch(command.user, name, -1)
        self.holds[command.reservation] = hold = {
            "user": command.user, "guild": command.origin, "day": day, "each": each or 0, "count": count,
            "size": command.bytes_each or 0,
            "places": bearers["generations"], "price": bearers["credits"], "made": 0, "settled": 0, "back": 0,
            "made back": 0, "unreported": 0, "expired": 0, "ends": self.second + command.ttl_seconds,
            "resets": self.resets.get((user, day), 0), "forgotten": False,
        }  # fmt: skip
        own, price = bearers["generations"].count(OWN), bearers["credits"].count(OWN)
        self.today[user, day] = self.today.get((user, day), 0) + own
        self._count(user, day, own, price, price, begins=True)
        self._whole(hold, count, wanted["credits"], wanted["credits"], begins=True)
        return DONE

    def _count(self, scope: str, day: date, places: int, spent: int, held: int, *, begins: bool = False) -> None:
        """Counts a change in the three windows of a day. Guild and pool keep the windows that were begun last."""
        for window, label in windows_at(day).items():
            windows = self.counted.setdefault((scope, window), {})
            if begins and label not in windows:
                windows[label] = {"generations": 0, "credits": 0, "held": 0}
                if len(windows) > WINDOWS_KEPT and not scope.startswith("user:"):
                    del windows[next(iter(windows))]
            if label in windows:
                for unit, change in (("generations", places), ("credits", spent), ("held", held)):
                    windows[label][unit] += change

    def _own_credits(self, hold: dict[str, Any], counted: int, *, held: int) -> None:
        self._count(f"user:{hold['user']}", hold["day"], 0, counted, held)

    def _whole(self, hold: dict[str, Any], places: int, counted: int, held: int, *, begins: bool = False) -> None:
        """Guild and pool bear everything."""
        for scope in ("pool", hold["guild"]):
            if scope is not None:
                self._count(scope, hold["day"], places, counted, held, begins=begins)

    def _open(self, hold: dict[str, Any]) -> tuple[int, int]:
        """Open places, and how many of them were delivered."""
        places = hold["count"] - hold["settled"] - hold["back"]
        return places, min(places, max(0, hold["made"] - hold["settled"] - hold["made back"]))

    def _known(self, command: Any) -> dict[str, Any] | None:
        hold = self.holds.get(command.reservation)
        if hold is None or hold["user"] != command.user or hold["settled"] == hold["count"] or hold["forgotten"]:
            return None
        is_over = self._open(hold)[0] == 0 and hold["ends"] + DAY <= self.second
        return None if is_over else hold

    def _use(self, hold: dict[str, Any], unit: str, amount: int) -> None:
        """So much is used up."""
        for _ in range(min(amount, len(hold[unit]))):
            name = hold[unit].pop(0)
            if name != OWN:
                self.grants[hold["user"], name]["used"] += 1
            elif unit == "price":
                self._own_credits(hold, 0, held=-1)

    def _go_back(self, hold: dict[str, Any], unit: str, amount: int) -> None:
        """So much is not needed."""
        for _ in range(min(amount, len(hold[unit]))):
            name = hold[unit].pop()
            if name != OWN:
                self._touch(hold["user"], name, 1)
            elif unit == "price":
                self._own_credits(hold, -1, held=-1)
            else:
                self._count(f"user:{hold['user']}", hold["day"], -1, 0, 0)
                key = f"user:{hold['user']}", hold["day"]
                if self.resets.get(key, 0) == hold["resets"]:
                    self.today[key] -= 1

    def _complete(self, command: CompleteGeneration) -> str:
        hold = self._known(command)
        if hold is None or hold["made"] + command.count > hold["count"]:
            return "UNKNOWN_RESERVATION"
        each, cost = hold["each"], command.cost
        cost = command.count * each if cost is None else cost
        made = self._open(hold)[1]
        hold["made"] += command.count
        fell = self._open(hold)[1] - made
        late = min(command.count - fell, hold["unreported"])
        hold["unreported"] -= late
        used = min(fell * each, max(0, cost - late * each))
        self._use(hold, "price", used)
        self._go_back(hold, "price", fell * each - used)
        self._own_credits(hold, cost - late * each - used, held=0)
        self._whole(hold, 0, cost - late * each - fell * each, -fell * each)
        return DONE

    def _settle(self, command: SaveImage) -> str:
        hold = self.holds.get(command.reservation or "")
        if hold is None or hold["user"] != command.user or self._open(hold)[0] == 0:
            is_late = self._known(command) is not None and self.holds[command.reservation or ""]["expired"]
            return self._take_own_place(command) if is_late else "UNKNOWN_RESERVATION"
        fits = self._decided(
            command.user, None, {"generations": 0, "credits": 0, "bytes": command.bytes - hold["size"]}
        )
        if isinstance(fits, str):
            return fits
        self._use(hold, "places", 1)
        places, made = self._open(hold)
        hold["settled"] += 1
        after, still_made = self._open(hold)
        if after - still_made < places - made and hold["each"]:
            self._use(hold, "price", hold["each"])
            self._whole(hold, 0, 0, -hold["each"])
            hold["unreported"] += 1
        self.kept[str(command.name)] = command.user, command.bytes
        return DONE

    def _take_own_place(self, command: SaveImage) -> str:
        """A picture that comes after its place expired takes one of today, without a price."""
        mine: dict[str, Any] = {"credits_each": 0, "bytes_each": command.bytes}
        own = ReserveGeneration(command.user, command.by, command.new_reservation, 0, **mine)
        outcome = self._reserve(own)
        if outcome == DONE:
            self._use(self.holds.pop(own.reservation), "places", 1)
            self.kept[str(command.name)] = command.user, command.bytes
        return outcome

    def _release(self, command: ReleasePlaces) -> str:
        hold = self._known(command)
        places, made = self._open(hold) if hold else (0, 0)
        count = command.count or places
        if hold is None or not places or count > places:
            return "UNKNOWN_RESERVATION"
        of_made = min(count, made) if command.reason in {"moderated", "not_kept"} else max(0, count - (places - made))
        self._free(hold, count, of_made, command.reason)
        return DONE

    def _free(self, hold: dict[str, Any], count: int, made: int, reason: str) -> None:
        back = count if reason == "moderated" and MODERATED_FREE else count - made
        price = (count - made) * hold["each"]
        self._use(hold, "places", count - back)
        self._go_back(hold, "places", back)
        self._go_back(hold, "price", price)
        self._whole(hold, -back, 0 if reason == "unknown" else -price, -price)
        hold["back"] += count
        hold["made back"] += made
        hold["expired"] += count if reason == "expired" else 0

    def _sweep(self) -> str:
        outcome = NOTHING
        for hold in self.holds.values():
            places, made = self._open(hold)
            if places > made and hold["ends"] <= self.second:
                self._free(hold, places - made, 0, "expired")
                outcome = DONE
            if made and hold["ends"] + DAY <= self.second:
                self._free(hold, made, made, "not_kept")
                outcome = DONE
        return outcome

    def _correct(self, day: str) -> str:
        """The clock goes back: what is open is cancelled, what was over is forgotten, and nothing is earned twice."""
        if self.second >= self.last:
            return NOTHING
        for hold in self.holds.values():
            places, made = self._open(hold)
            if places:
                self._free(hold, places, made, "cancelled")
            else:
                hold["forgotten"] = True
        self.claimed = {user: min(of, day) for user, of in self.claimed.items()}
        self.sent = {
            number: (command, min(at, self.second))
            for number, (command, at) in self.sent.items()
            if at > self.last - KEPT_SECONDS
        }
        self.last = self.second
        return DONE

    def _reset(self, scope: str) -> str:
        key = scope, day_at(self.second)
        self.today[key] = 0
        self.resets[key] = self.resets.get(key, 0) + 1
        return DONE
