"""What everybody has by the documents alone: windows, grants, reservations and points as plain dictionaries and lists.

It shares no code with the rules. Who bears a place or a thousandth of a credit stands in a list, one entry for each:
the user's own windows first, then grants in the order in which they are drawn on. What is used up leaves a list at its
front, what goes back at its end.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from domain.commands import (
    CompleteGeneration,
    GiveGrant,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    VoidGrant,
)
from domain.point_commands import BuyOffer
from tests.adapters.ledger.trade import DONE, NOTHING, Model

LIMITS = (
    ("user/day/generations", 3),
    ("user/week/generations", 7),
    ("guild/day/generations", 6),
    ("pool/month/generations", 60),
    ("user/month/credits", 9),
    ("pool/week/credits", 60),
)
"""In the order in which they are asked."""
MODERATED_FREE = True
DAY = 86_400
FIRST = date(2026, 3, 10)
NOON_SECONDS = 43_200
OWN = "own"


def day_at(second: int) -> date:
    """The day of so many seconds after noon of the first."""
    return FIRST + timedelta(days=(second + NOON_SECONDS) // DAY)


def same_window(one: date, other: date, window: str) -> bool:
    """Whether two days lie in one window of a length."""
    if window == "week":
        return one.isocalendar()[:2] == other.isocalendar()[:2]
    return one == other if window == "day" else (one.year, one.month) == (other.year, other.month)


class Economy(Model):
    """Points, and all that grants and reservations make of windows."""

    def __init__(self) -> None:
        super().__init__()
        self.grants: dict[tuple[str, str], dict[str, Any]] = {}
        self.holds: dict[str, dict[str, Any]] = {}
        self.counted: dict[tuple[str, str, date], int] = {}
        self.held: dict[tuple[str, date], int] = {}
        self.today: dict[tuple[str, date], int] = {}
        self.resets: dict[tuple[str, date], int] = {}
        self.second = 0

    @staticmethod
    def seconds_of(at: str | None) -> int | None:
        """Whole seconds from noon of the first until a time."""
        if at is None:
            return None
        return round((datetime.fromisoformat(at[:-1]) - datetime(2026, 3, 10, 12)).total_seconds())  # noqa: DTZ001 - both are UTC

    def used(self, scope: str, window: str, unit: str) -> int:
        """What a window counts now."""
        today = day_at(self.second)
        if (window, unit) == ("day", "generations") and scope.startswith("user:"):
            return self.today.get((scope, today), 0)
        days = (key for key in self.counted if key[:2] == (scope, unit) and same_window(key[2], today, window))
        return sum(self.counted[key] for key in days)

    def holding(self, scope: str, window: str) -> int:
        """Thousandths of credits that are held in a window now."""
        today = day_at(self.second)
        return sum(
            held for (whose, day), held in self.held.items() if whose == scope and same_window(day, today, window)
        )

    def lapse(self) -> None:
        """What is left of a grant that has ended, beyond what rolls over, is gone."""
        for grant in self.grants.values():
            if grant["ends"] is not None and self.second >= grant["ends"] and not grant["ended"]:
                grant["ended"] = True
                grant["lapsed"] += grant["left"] - min(grant["left"], grant["rollover"])
                grant["left"] = min(grant["left"], grant["rollover"])

    def carry_out(self, command: Any, day: str) -> str:  # noqa: C901 - a case for each command
        """What comes of any command."""
        self.lapse()
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
            case ReleasePlaces():
                return self._release(command)
            case ReleaseExpired():
                return self._sweep()
            case ResetDaily(user):
                return self._reset(f"user:{user}")
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
        if grant["void"] or (grant["ended"] and (grant["until"] is None or self.second >= grant["until"])):
            return 0
        left: int = grant["left"]
        return left

    def _drawn(self, user: str, unit: str, amount: int) -> list[str]:
        """Who bears so much of a unit: the highest priority first, then what ends first, then the oldest."""
        own = [(name, grant) for (whose, name), grant in self.grants.items() if (whose, grant["unit"]) == (user, unit)]
        never = float("inf")

        def order(named: tuple[str, dict[str, Any]]) -> tuple[Any, ...]:
            grant = named[1]
            ends = grant["until"] if grant["ended"] else grant["ends"]
            return -grant["priority"], never if ends is None else ends, grant["number"]

        units = [name for name, grant in sorted(own, key=order) for _ in range(self.can_be_drawn(grant))]
        return units[:amount]

    def _reserve(self, command: ReserveGeneration) -> str:
        user, count = f"user:{command.user}", command.count
        if command.credits_each is None:
            return "PRICE_UNKNOWN"
        wanted = {"generations": count, "credits": count * command.credits_each}
        scopes = {"user": user, "guild": command.origin, "pool": "pool"}
        missing = []
        for name, most in LIMITS:
            scope, window, unit = name.split("/")
            whose = scopes[scope]
            over = 0 if whose is None else self.used(whose, window, unit) + wanted[unit] - most
            if over > 0 and wanted[unit]:
                missing.append((scope, unit, min(over, wanted[unit]), name))
        bearers = {}
        for unit in wanted:
            most_missing = max([over for scope, of, over, _ in missing if (scope, of) == ("user", unit)], default=0)
            bearers[unit] = self._drawn(command.user, unit, most_missing)
        for scope, unit, over, name in missing:
            if scope != "user" or over > len(bearers[unit]):
                return "DAILY_LIMIT" if name == LIMITS[0][0] else "WINDOW_LIMIT"
        day = day_at(self.second)
        for unit, drawn in bearers.items():
            for name in drawn:
                self.grants[command.user, name]["left"] -= 1
            bearers[unit] = [OWN] * (wanted[unit] - len(drawn)) + drawn
        hold = self.holds[command.reservation] = {
            "user": command.user, "guild": command.origin, "day": day, "each": command.credits_each, "count": count,
            "places": bearers["generations"], "price": bearers["credits"], "made": 0, "settled": 0, "back": 0,
            "made back": 0, "unreported": 0, "expired": 0, "ends": self.second + command.ttl_seconds,
            "resets": self.resets.get((user, day), 0),
        }  # fmt: skip
        own = bearers["generations"].count(OWN)
        self.today[user, day] = self.today.get((user, day), 0) + own
        self._count(user, "generations", day, own)
        self._own_credits(hold, bearers["credits"].count(OWN), held=bearers["credits"].count(OWN))
        self._whole(hold, count, wanted["credits"], wanted["credits"])
        return DONE

    def _count(self, scope: str, unit: str, day: date, amount: int) -> None:
        self.counted[scope, unit, day] = self.counted.get((scope, unit, day), 0) + amount

    def _own_credits(self, hold: dict[str, Any], counted: int, *, held: int) -> None:
        scope = f"user:{hold['user']}"
        self._count(scope, "credits", hold["day"], counted)
        self.held[scope, hold["day"]] = self.held.get((scope, hold["day"]), 0) + held

    def _whole(self, hold: dict[str, Any], places: int, counted: int, held: int) -> None:
        """Guild and pool bear everything."""
        for scope in ("pool", hold["guild"]):
            if scope is not None:
                self._count(scope, "generations", hold["day"], places)
                self._count(scope, "credits", hold["day"], counted)
                self.held[scope, hold["day"]] = self.held.get((scope, hold["day"]), 0) + held

    def _open(self, hold: dict[str, Any]) -> tuple[int, int]:
        """Open places, and how many of them were delivered."""
        places = hold["count"] - hold["settled"] - hold["back"]
        return places, min(places, max(0, hold["made"] - hold["settled"] - hold["made back"]))

    def _known(self, command: Any) -> dict[str, Any] | None:
        hold = self.holds.get(command.reservation)
        if hold is None or hold["user"] != command.user or hold["settled"] == hold["count"]:
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
                self.grants[hold["user"], name]["left"] += 1
            elif unit == "price":
                self._own_credits(hold, -1, held=-1)
            else:
                self._count(f"user:{hold['user']}", "generations", hold["day"], -1)
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
        self._use(hold, "places", 1)
        places, made = self._open(hold)
        hold["settled"] += 1
        after, still_made = self._open(hold)
        if after - still_made < places - made and hold["each"]:
            self._use(hold, "price", hold["each"])
            self._whole(hold, 0, 0, -hold["each"])
            hold["unreported"] += 1
        return DONE

    def _take_own_place(self, command: SaveImage) -> str:
        """A picture that comes after its place expired takes one of today, without a price."""
        own = ReserveGeneration(command.user, command.by, command.new_reservation, 0, credits_each=0)
        outcome = self._reserve(own)
        if outcome == DONE:
            self._use(self.holds.pop(own.reservation), "places", 1)
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

    def _reset(self, scope: str) -> str:
        key = scope, day_at(self.second)
        self.today[key] = 0
        self.resets[key] = self.resets.get(key, 0) + 1
        return DONE
