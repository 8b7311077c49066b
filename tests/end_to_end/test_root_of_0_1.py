"""A storage root written by version 0.1.0, before its adapters had rooms, opens and gives the figures it gave then.

`samples/root_0_1` holds its log of all twelve types of events, a snapshot and later events, images, details and a temp
file; `samples/root_0_1.json` what 0.1.0 itself said of it at two times, by reader and by writer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import delete_image
from adapters.application.readiness import readiness_of
from adapters.application.reading import (
    ReadableStorage,
    global_usage,
    image_details,
    image_names,
    image_path,
    kept_image,
    known_users,
    moderated_is_free,
    newest_images,
    policy_in_force,
    preference_of,
    quota_status,
    recorded_of,
)
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image, saved_under
from adapters.application.storage import Storage
from adapters.engines.choice import default_engine
from adapters.engines.following import open_reader
from adapters.engines.opening import open_store
from domain.refusals import Refusal

SAMPLES = Path(__file__).parents[1] / "samples"
FACTS: dict[str, Any] = json.loads((SAMPLES / "root_0_1.json").read_text(encoding="utf-8"))
MOMENTS = sorted(FACTS["moments"])
USERS = sorted(FACTS["moments"]["soon"]["reader"]["status"])
API = Actor("api:local", "http")


@pytest.fixture(params=[True, False], ids=["with its snapshot", "without it"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the root, which may be written; a snapshot is a cache, so without it all is the same."""
    copy = tmp_path / "root"
    shutil.copytree(SAMPLES / "root_0_1", copy)
    if not request.param:
        shutil.rmtree(copy / "logs" / "snapshots")
    return copy


def plain(value: object) -> Any:
    """A value as JSON has it."""
    if hasattr(value, "_asdict"):
        return {name: plain(member) for name, member in value._asdict().items()}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    if isinstance(value, Path):
        return str(value)
    return getattr(value, "value", value)


NEW_WITH_DEFAULTS: dict[str, object] = {
    "estimated": False,
    "begun": None,
    "taken_off": [],
    "windows": [],
    "grants": [],
    "reached": [],
    "tiers": [],
    "credits": 0,
    "what": "image",
    "seen": None,
    "window": None,
    "unenforced": [],
    "tell_at": [],
}
"""Members of answers that are new since, as they are where there is nothing to say."""


def as_before(answer: Any) -> Any:
    """An answer, at every depth, without what is new since and says nothing."""
    if not isinstance(answer, Mapping):
        return answer
    silent = object()
    return {name: as_before(member) for name, member in answer.items() if NEW_WITH_DEFAULTS.get(name, silent) != member}


def without(left_out: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures but this one, which is new since, or not the log's."""
    return {name: figure for name, figure in figures.items() if name != left_out}


def read(storage: ReadableStorage, root: Path) -> dict[str, Any]:
    """What a reading of 0.1.0 held, read now."""
    return {
        "users": known_users(storage),
        "global_usage": without("disk_free_mb", global_usage(storage)),
        "status": {
            user: as_before(without("sources", without("limits", quota_status(storage, user)))) for user in USERS
        },
        "names": {user: image_names(storage, user) for user in USERS},
        "gallery": {user: plain(newest_images(storage, user)) for user in USERS},
        "gallery_1_2": {user: plain(newest_images(storage, user, offset=1, limit=2)) for user in USERS},
        "paths": {
            user: {name: below(image_path(storage, user, name), root) for name in image_names(storage, user)}
            for user in USERS
        },
    }


def read_as_writer(store: Storage, root: Path) -> dict[str, Any]:
    """The same, and what only the writer told."""
    names = {user: image_names(store, user) for user in USERS}
    saved = {
        "save-key": saved_under(store, API, "save-key"),
        "late-key": saved_under(store, Actor("library"), "late-key"),
        "no-such-key": saved_under(store, API, "no-such-key"),
    }
    return read(store, root) | {
        "details": {user: {name: image_details(store, user, name) for name in names[user]} for user in USERS},
        "images": {
            user: {name.upper(): plain(kept_image(store, user, name.upper())) for name in names[user]} for user in USERS
        },
        "preferences": {user: preference_of(store, user, "style") for user in USERS},
        "policy": as_before(plain(policy_in_force(store))),
        "moderated_free": moderated_is_free(store),
        "events_of": {user: [type(event).__name__ for _, event in recorded_of(store, user, 1_000)] for user in USERS},
        "readiness": as_before(plain(readiness_of(store))),
        "saved_under": {key: answer and told(answer, root) for key, answer in saved.items()},
    }


def below(path: Path | None, root: Path) -> str | None:
    """A path below the root."""
    return None if path is None else path.relative_to(root.resolve()).as_posix()


def told(answer: Any, root: Path) -> dict[str, Any]:
    """An answer as the sample has it: its path below the root, and no id that is another each time."""
    members: dict[str, Any] = as_before(plain(answer))
    if members.get("path"):
        members["path"] = below(Path(members["path"]), root)
    if members.get("replayed") is False and "reservation" in members:
        members["reservation"] = None
    return members


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_reader_sees_what_it_saw(root: Path, moment: str) -> None:
    """While a reservation is open, and after its expiry."""
    facts = FACTS["moments"][moment]
    with closing(open_reader(root, clock=lambda: str(facts["at"]))) as reader:
        position = reader.running().state.position
        assert read(reader, root) | {"position": position} == facts["reader"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_writer_goes_on_as_it_would_have(root: Path, moment: str) -> None:
    """It reads the log anew, as a former snapshot lacks a projection of now, and releases what is due."""
    facts = FACTS["moments"][moment]
    store = open_store(root, clock=lambda: str(facts["at"]))
    try:
        assert store.opened().recorder.resumed == 0
        assert read_as_writer(store, root) == facts["writer"]
    finally:
        store.close()


def test_the_log_is_whole_with_the_same_hash(root: Path) -> None:
    """Not a byte of it is read otherwise."""
    report = default_engine().verify(root)
    now = {name: getattr(report, name) for name in FACTS["verify"] if name != "path"}
    assert now == {name: fact for name, fact in FACTS["verify"].items() if name != "path"}


def test_calls_sent_again_are_answered_as_they_were(root: Path) -> None:
    """The digests of idempotency keys are the same: replayed, in conflict, or expired, as 0.1.0 answered."""
    store = open_store(root, clock=lambda: str(FACTS["moments"]["soon"]["at"]))
    try:
        for call in FACTS["repeated_at_soon"]:
            answer = asyncio.run(send_again(store, call))
            assert told(answer, root) == call["answer"], call
    finally:
        store.close()


async def send_again(store: Storage, call: dict[str, Any]) -> object | Refusal:
    """The same call under the same key."""
    user, actor, key = call["user"], Actor(*call["actor"]), call["request"]
    match call["call"]:
        case "save":
            image = NewImage(user, base64.b64decode(FACTS["data"][call["data"]]), name=call["name"])
            return await save_image(store, image, actor=actor, idempotency_key=key)
        case "delete":
            return await delete_image(store, user, call["name"], actor=actor, idempotency_key=key)
    wanted = WantedPlaces(user, call["count"], operation=call["operation"])
    content = tuple(part.encode() for part in call.get("content", ()))
    return await reserve_places(store, wanted, actor=actor, idempotency_key=key, content=content)
