"""Where the program and the model disagree: every figure, name, byte and open place, of each user and of the pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.application.reading import image_details, newest_images, quota_status
from adapters.imagestore.s3.keys import OWNER
from domain.limits import Limits as PolicyLimits
from tests.crash.judging import ROOT
from tests.model.asks import USERS
from tests.model.buckets import heal, key_of
from tests.model.model import Model
from tests.model.people import text_of
from tests.model.rig import Rig


def disagreements(rig: Rig, model: Model) -> list[str]:
    """All of them, a line each; none where the program is right."""
    rig.read_log()
    if rig.in_bucket:
        heal(rig.store)
    told = list(_figures(rig, model))
    for user in USERS:
        told += [f"{user}: {what}" for what in _of_user(rig, model, user)]
    return [*told, *(_objects(rig, model) if rig.in_bucket else _files(rig, model))]


def _differ(what: str, found: Any, expected: Any) -> Iterator[str]:
    if found != expected:
        yield f"{what} {found}, and the model says {expected}"


def _figures(rig: Rig, model: Model) -> Iterator[str]:
    state, root = rig.root.ledger.state, rig.root
    if rig.log.trail != model.trail:
        found, expected = rig.log.trail.facts, model.trail.facts
        same = next((number for number, two in enumerate(zip(found, expected, strict=False)) if two[0] != two[1]), 0)
        yield from _differ(f"events after {same}:", found[same:], expected[same:])
    yield from _differ("position", state.position, len(model.trail))
    yield from _differ("policy", state.policy, model.limits and PolicyLimits(*model.limits))
    used, held = model.pool()
    yield from _differ("pool", (state.pool.used_bytes, state.pool.held_bytes), (used, held))
    assert model.limits is not None
    status = state.whole.status(state.policy.pool_bytes)
    yield from _differ("pool remaining", status.remaining_bytes, max(0, model.limits.pool_bytes - used - held))
    yield from _differ("pool status", status.status.value, _word(used, model.limits.pool_bytes))
    open_places = {rig.number(held.reservation): held.open for held in state.open_reservations()}
    known = {number: len(held.open()) for number, held in model.held.items() if held.open()}
    yield from _differ("open places", open_places, known)
    yield from _differ("clock behind", root.ledger.clock_is_behind(), model.is_behind)
    yield from _differ("short of space", root.short_of_space(), model.short)
    yield from _differ("missing files", root.images.missing, set())


def _of_user(rig: Rig, model: Model, user: str) -> Iterator[str]:
    state, person, store = rig.root.ledger.state, model.person(user), rig.store
    used, temp, held = person.used(temp=False), person.used(temp=True), model.held_bytes(user)
    yield from _differ("bytes", tuple(state.user(user)), (used, temp, held))
    days = {day.day: day.count for day in state.days(user)}
    yield from _differ("days", days, {day.isoformat(): counted.count for day, counted in person.days.items()})
    gallery = [(row.name, row.size_bytes, row.at, row.operation) for row in newest_images(store, user)]
    kept = list(reversed(person.images.values()))
    yield from _differ("gallery", gallery, [(row.name, len(row.data), text_of(row.at), row.operation) for row in kept])
    yield from _differ(
        "details", [image_details(store, user, row.name) for row in kept], [_details(row.details) for row in kept]
    )
    user_bytes, daily = model.limits_of(user)
    counted = person.today(model.present.date()).count
    status = quota_status(store, user)
    found = tuple(status["daily"][name] for name in ("used", "limit", "remaining", "allowed", "resets_at"))
    tomorrow = text_of(model.tomorrow)
    yield from _differ("daily", found, (counted, daily, max(0, daily - counted), counted < daily, tomorrow))
    own = state.users.status(user, user_bytes)
    yield from _differ("remaining", own.remaining_bytes, max(0, user_bytes - used - held))
    share = 100.0 if user_bytes == 0 else round(100 * used / user_bytes, 1)
    shown = tuple(status["user"][name] for name in ("percentage", "status", "images"))
    yield from _differ("shown", shown, (share, _word(used, user_bytes), len(kept)))


def _files(rig: Rig, model: Model) -> Iterator[str]:
    """The bytes on the disk; nothing stays staged, and no file is there that does not stand."""
    for temp, place in ((False, "images"), (True, "temp")):
        found = rig.disk.files_below(ROOT / place)
        expected: dict[str, Any] = {}
        for user, person in model.people.items():
            for kept in person.names(temp=temp).values():
                expected[f"{user}/{kept.name}" if temp else f"users/{user}/{kept.name}"] = kept.data
                if kept.details is not None:
                    folder, _, bare = kept.name.rpartition("/")
                    path = f"users/{user}/.details/{folder + '/' if folder else ''}{bare}~.json"
                    expected[path] = found.get(path)  # what is in it was compared above
        for path in found.keys() | expected.keys():
            if found.get(path) != expected.get(path):
                yield f"{place}/{path} has {found.get(path)!r}, and the model says {expected.get(path)!r}"


def _objects(rig: Rig, model: Model) -> Iterator[str]:
    """What is in the bucket; nothing is there that no name needs, and nothing on the disk but the log."""
    log = rig.store.running().recorder.log_id
    expected: dict[str, Any] = {OWNER: f'{{"log":"{log}","images":"here"}}'.encode()}
    for user, person in model.people.items():
        for temp in (False, True):
            for kept in person.names(temp=temp).values():
                key = key_of(rig.store, user, kept.name, temp=temp)
                expected[key] = kept.data
                if kept.details is not None:
                    expected[f"{key}.json"] = rig.objects.get(f"{key}.json")  # what is in it was compared above
    for key in rig.objects.keys() | expected.keys():
        if rig.objects.get(key) != expected.get(key):
            yield f"{key} has {rig.objects.get(key)!r}, and the model says {expected.get(key)!r}"
    for place in ("images", "temp"):
        yield from _differ(f"files below {place}", rig.disk.files_below(ROOT / place), {})


def _details(said: str | None) -> dict[str, str] | None:
    return None if said is None else {"prompt": said}


def _word(used: int, limit: int) -> str:
    """The design's section 3: from used bytes, above 80 % and above 95 %; a limit of 0 is critical."""
    if limit == 0 or used / limit > 0.95:
        return "CRITICAL"
    return "WARNING" if used / limit > 0.80 else "OK"
