"""The rules of the model: what becomes of an ask that may be looked at, from the design's section 3 alone."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple, assert_never

from tests.model.asks import (
    FOLDER_OF_A_KIND,
    RESERVATION_SECONDS,
    Ask,
    CleanUp,
    CorrectClock,
    Delete,
    Deliver,
    GenerationOutcome,
    Kin,
    Override,
    Release,
    Reserve,
    ResetCount,
    Save,
)
from tests.model.people import Day, Held, Kept, Own, Place, text_of
from tests.model.state import DAY, State
from tests.model.tally import tally

RECORDED_REFUSALS = 20
RECORDED_RESETS = 20
OF_DELIVERED = ("moderated", "not_kept")
"""Reasons of places that were delivered; every other reason is of places that were not, where there are such."""
UNKNOWN: GenerationOutcome = ("refused", "UNKNOWN_RESERVATION")


class Seen(NamedTuple):
    """What a save sees on the disk when it is staged: whether a folder is where its file would be."""

    in_the_way: bool = False


class Rules(State):
    """What follows from an ask, one method for each."""

    def carry_out(self, ask: Ask, seen: Seen) -> GenerationOutcome:
        """The answer, and what it changes."""
        match ask:
            case Save():
                return self._save(ask, seen)
            case Reserve():
                return self._reserve(ask)
            case Deliver():
                return self._deliver(ask)
            case Release():
                return self._release(ask)
            case Delete():
                return self._delete(ask)
            case CleanUp():
                return self._clean_up(ask)
            case ResetCount() | Override():
                return self._govern(ask)
            case CorrectClock():
                return self._correct_clock()
            case _:
                assert_never(ask)

    def release_expired(self) -> None:
        """Places not delivered at their expiry, delivered ones a day later; the oldest deadline first."""
        for number in sorted(self.held, key=lambda number: (self.held[number].deadline, number)):
            held = self.held[number]
            if held.open(delivered=False) and held.expires <= self.present:
                tally["a place expired"] += 1
                self._give_back(number, held.open(delivered=False), state="expired")
            if held.open(delivered=True) and held.forgotten_at <= self.present:
                tally["a place that was delivered was not kept in time"] += 1
                self._give_back(number, held.open(delivered=True))

    def see(self, ask: Ask) -> Seen:
        """What a save sees on the disk now."""
        if not isinstance(ask, Save) or ask.user not in self.people:
            return Seen()
        assert not isinstance(ask.name, Kin)
        person = self.people[ask.user]
        if ask.name is None or ask.name == FOLDER_OF_A_KIND:
            return Seen()
        is_folder = any(kept.name.startswith(ask.name + "/") for kept in person.names(temp=ask.temp).values())
        return Seen(in_the_way=is_folder)

    def _save(self, ask: Save, seen: Seen) -> GenerationOutcome:
        held = None if ask.reservation is None else self.known(ask.user, ask.reservation)
        if ask.reservation is not None and (held is None or not held.open()):
            if held is None or not any(place.state == "expired" for place in held.places):
                return UNKNOWN
            held = None  # decided as a plain save
            tally["a save came after its place expired"] += 1
        person, name = self.person(ask.user), self._name(ask)
        current = person.names(temp=ask.temp).get(name.lower())
        if current is not None:
            tally["an image was overwritten"] += name == current.name
            tally["an image was overwritten under another spelling"] += name != current.name
            name = current.name
        elif seen.in_the_way or self._collides(ask, name):
            tally["a save in a folder's place was refused unseen by the log"] += not self._collides(ask, name)
            return ("refused", "NAME_TAKEN")
        replaced = len(current.data) if current else 0
        plain = held is None and not ask.temp
        growth = ask.size_bytes - replaced - (held.each if held else 0)
        if refusal := self._does_not_fit(ask.user, 1 if plain else 0, growth, temp=ask.temp):
            return refusal
        if plain:
            self._charge(ask.user, 1)
            self.record("GenerationReserved", ask.user)
            self.reserved += 1
        elif held is not None and ask.reservation is not None:
            self._settle(ask.reservation, held)
        self.record("ImageSaved", ask.user)
        operation = FOLDER_OF_A_KIND if ask.name == FOLDER_OF_A_KIND else "unspecified"
        details = f"prompt {ask.content}" if ask.details and not ask.temp else None
        person.keep(Kept(name, ask.data, self.last_at, operation, details), temp=ask.temp)
        return ("saved", name, ask.size_bytes, sha256(ask.data).hexdigest(), len(self.trail), False)

    def _name(self, ask: Save) -> str:
        """The name that is meant: the one given, or a fresh one whose number never stood."""
        if isinstance(ask.name, str) and ask.name != FOLDER_OF_A_KIND:
            return ask.name
        person = self.person(ask.user)
        number = person.highest[ask.temp] + 1
        folder = f"{ask.name}/" if ask.name else ""
        while (name := f"{folder}image_{number}.bin") in person.names(temp=ask.temp) or person.has_folder(
            name, temp=ask.temp
        ):
            number += 1
        return name

    def _collides(self, ask: Save, name: str) -> bool:
        """Whether a file stands where the name's folder would be, or a folder where its file would."""
        person, (folder, slash, _) = self.person(ask.user), name.lower().partition("/")
        return folder in person.names(temp=ask.temp) if slash else person.has_folder(name, temp=ask.temp)

    def _settle(self, number: int, held: Held) -> None:
        """A delivered place first."""
        place = (held.open(delivered=True) or held.open())[0]
        tally["a delivered place was settled"] += held.places[place].delivered
        self.held[number] = held.become([place], state="settled")
        if self.held[number].is_settled:
            del self.held[number]

    def _reserve(self, ask: Reserve) -> GenerationOutcome:
        assert self.limits is not None
        each = self.limits.gen_bytes
        if refusal := self._does_not_fit(ask.user, ask.places, ask.places * each):
            return refusal
        day = self._charge(ask.user, ask.places)
        self.record("GenerationReserved", ask.user)
        self.reserved += 1
        expires = self.last_at + timedelta(seconds=RESERVATION_SECONDS)
        places = (Place(),) * ask.places
        self.held[self.reserved] = Held(
            user=ask.user,
            each=each,
            expires=expires,
            day=self.last_at.date(),
            resets=day.resets,
            places=places,
            exclusive=ask.exclusive,
        )
        return ("reserved", self.reserved, ask.places, each, text_of(expires), len(self.trail), False)

    def _deliver(self, ask: Deliver) -> GenerationOutcome:
        held = self.known(ask.user, ask.reservation)
        if held is None or ask.places > len(held.undelivered()):
            return UNKNOWN
        self.held[ask.reservation] = held.become(held.undelivered()[: ask.places], delivered=True)
        self.record("GenerationCompleted", ask.user)
        return ("changed", len(self.trail), False)

    def _release(self, ask: Release) -> GenerationOutcome:
        held = self.known(ask.user, ask.reservation)
        if held is None or not held.open() or (ask.places or 0) > len(held.open()):
            return UNKNOWN
        delivered, others = held.open(delivered=True), held.open(delivered=False)
        order = delivered + others if ask.reason in OF_DELIVERED else others + delivered
        assert self.limits is not None
        tally["a delivered place was released"] += bool(delivered)
        free = ask.reason == "moderated" and self.limits.moderated_free
        self._give_back(ask.reservation, order[: ask.places], delivered_too=free)
        return ("changed", len(self.trail), False)

    def _give_back(
        self, number: int, places: list[int], *, state: str = "released", delivered_too: bool = False
    ) -> None:
        """Releases places; those not delivered go back to their day, unless it was reset since."""
        held = self.held[number]
        refunded = sum(delivered_too or not held.places[place].delivered for place in places)
        days = self.person(held.user).days
        if held.day in days and days[held.day].resets == held.resets:
            days[held.day] = Day(days[held.day].count - refunded, held.resets)
            tally["a place was given back to a day before"] += refunded > 0 and held.day < self.present.date()
        else:
            tally["a release gave nothing back after a reset"] += refunded > 0
        self.held[number] = held.become(places, state=state)
        self.record("GenerationReleased", held.user)

    def _delete(self, ask: Delete) -> GenerationOutcome:
        assert isinstance(ask.name, str)
        names = self.person(ask.user).images
        if ask.name.lower() not in names:
            return ("refused", "NOT_FOUND")
        gone = names.pop(ask.name.lower())
        self.record("ImageDeleted", ask.user)
        return ("deleted", gone.name, len(gone.data), len(self.trail), False)

    def _clean_up(self, ask: CleanUp) -> GenerationOutcome:
        oldest_kept = self.present - ask.days * DAY
        files = freed = 0
        for person in self.people.values():
            for key in [key for key, kept in person.temps.items() if kept.at <= oldest_kept]:
                freed += len(person.temps.pop(key).data)
                files += 1
        tally["a temp file was cleaned up"] += files > 0
        if not files:
            return ("cleaned", 0, 0, 0)
        self.record("CleanupCompleted")
        return ("cleaned", files, freed, len(self.trail))

    def _govern(self, ask: ResetCount | Override) -> GenerationOutcome:
        person = self.person(ask.user)
        if isinstance(ask, ResetCount):
            today = self.present.date()
            if person.today(today).count == 0 and person.today(today).resets >= RECORDED_RESETS:
                return ("changed", 0, False)
            person.touch(today, Day(0, person.today(today).resets + 1))
            self.record("DailyCountReset", ask.user)
        else:
            none = ask.user_bytes is None and ask.daily is None
            until = None if ask.lasting is None else self.now + ask.lasting
            own = None if none else Own(ask.user_bytes, ask.daily, until)
            if own == person.own:
                return ("changed", 0, False)
            person.own = own
            self.record("LimitsOverridden", ask.user)
        return ("changed", len(self.trail), False)

    def _correct_clock(self) -> GenerationOutcome:
        if self.now >= self.last_at:
            return ("changed", 0, False)
        self.correct_answers()
        self.last_at = self.now
        self.record("ClockCorrected")
        for number, held in list(self.held.items()):
            if held.open():
                tally["open places were cancelled by a corrected clock"] += 1
                self._give_back(number, held.open())
            else:
                del self.held[number]
        return ("changed", len(self.trail), False)

    def correct_answers(self) -> None:
        """What a correction of the clock does to stored answers."""
        raise NotImplementedError

    def _charge(self, user: str, places: int) -> Day:
        """Charges today."""
        person, today = self.person(user), self.present.date()
        counted = person.today(today)
        person.touch(today, Day(counted.count + places, counted.resets))
        return person.days[today]

    def _does_not_fit(self, user: str, places: int, growth: int, *, temp: bool = False) -> GenerationOutcome | None:
        """The first limit that says no: the day, the user's storage, the pool."""
        assert self.limits is not None
        person = self.person(user)
        user_bytes, daily = self.limits_of(user)
        counted = person.today(self.present.date()).count
        if places and counted + places > daily:
            return self._refused(user, "DAILY_LIMIT", daily, counted, 0)
        if growth <= 0:
            return None
        used, held = person.used(temp=temp), 0 if temp else self.held_bytes(user)
        if used + held + growth > user_bytes:
            return self._refused(user, "USER_STORAGE", user_bytes, used, held)
        used, held = self.pool()
        if used + held + growth > self.limits.pool_bytes:
            return self._refused(user, "POOL_STORAGE", self.limits.pool_bytes, used, held)
        return None

    def _refused(self, user: str, reason: str, limit: int, used: int, held: int) -> GenerationOutcome:
        """A limit's refusal; the first of its kind on a day are recorded."""
        refused, today = self.person(user).refused, self.present.date()
        day, former = refused.get(reason, (today, 0))
        times = former + 1 if day == today else 1
        tally["a refusal was not recorded any more"] += times > RECORDED_REFUSALS
        refused[reason] = today, times
        if times <= RECORDED_REFUSALS:
            self.record("RequestRefused", user)
        return ("refused", reason, limit, used, held)
