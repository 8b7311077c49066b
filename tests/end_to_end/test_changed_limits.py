"""Limits of a `.env` file: changed up and down, they hold from the next start, and the log says from when."""

from __future__ import annotations

from pathlib import Path

import pytest
from freezegun import freeze_time

from adapters.application.reading import quota_status
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.bootstrap.storage import given_limits, open_store
from adapters.settings.config import Config, load_config
from domain.limits import MEGABYTE
from domain.refusals import Refusal
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.hostile.builders import png, png_of_size

LIMITS = ("MAX_USER_STORAGE_MB", "MAX_GLOBAL_STORAGE_MB", "MAX_USER_DAILY_GENS", "IMAGE_GEN_SIZE_MB", "MODERATED_FREE")


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `.env` of the test's own, and no setting from outside."""
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".env"


def configured(env_file: Path, **settings: object) -> Config:
    """The configuration after an edit of the file."""
    env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    return load_config({"STORAGE_ROOT": env_file.parent / "root"}, env_file)


def started(config: Config) -> Storage:
    """The store as the service opens it."""
    return open_store(config, given_limits(config))


async def saved(store: Storage, data: bytes | None = None) -> bool:
    """Whether one more image was kept."""
    return isinstance(await save_image(store, NewImage("1", data or png())), SavedImage)


async def test_limits_of_the_file_hold_from_the_next_start(env_file: Path) -> None:
    """Up, down, and taken out of the file, which leaves them as they are in the log."""
    root = env_file.parent / "root"
    with freeze_time("2026-01-01T08:00:00Z", real_asyncio=True) as clock:
        store = started(configured(env_file, MAX_USER_STORAGE_MB=1, MAX_USER_DAILY_GENS=2))
        assert [await saved(store, png_of_size(MEGABYTE)), await saved(store)] == [True, False]
        store.close()
        clock.move_to("2026-01-01T09:00:00Z")
        store = started(configured(env_file, MAX_USER_STORAGE_MB=2, MAX_USER_DAILY_GENS=3))
        assert [await saved(store) for _ in range(3)] == [True, True, False]
        store.close()
        clock.move_to("2026-01-01T10:00:00Z")
        store = started(configured(env_file, MAX_USER_STORAGE_MB=1, MAX_USER_DAILY_GENS=9))
        status = quota_status(store, "1")
        assert (status["user"]["used_mb"], status["user"]["limit_mb"], status["user"]["images"]) == (1.0, 1.0, 3)
        assert not await saved(store)
        store.close()
        clock.move_to("2026-01-01T11:00:00Z")
        store = started(configured(env_file))
        assert quota_status(store, "1")["daily"]["limit"] == 9
        store.close()
    assert_disk_and_log_agree(root)
    changes = [event["data"] for event in events_of(root, "PolicyChanged")]
    assert [(change["at"][11:16], change["limits"]["daily"], change["source"]) for change in changes] == [
        ("08:00", 2, "environment"), ("09:00", 3, "environment"), ("10:00", 9, "environment"),
    ]  # fmt: skip


async def test_the_estimate_and_the_largest_image_are_two_settings(env_file: Path) -> None:
    """One is what a reservation holds, the other what is taken in at all."""
    store = started(configured(env_file, IMAGE_GEN_SIZE_MB=2, IMAGE_GENERATION_SIZE_MB=1))
    reserved = await reserve_places(store, WantedPlaces("1"))
    assert not isinstance(reserved, Refusal)
    assert reserved.bytes_each == 2 * MEGABYTE
    with pytest.raises(Exception, match="At most 1,048,576 are allowed"):
        await save_image(store, NewImage("1", png_of_size(MEGABYTE + 1)))
    store.close()
