"""Limits of a `.env` file: changed up and down, they hold from the next start, and the log says from when."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from freezegun import freeze_time
from structlog.testing import capture_logs

from adapters.application.governing import change_policy_blocking
from adapters.application.reading import quota_status
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import Actor, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.bootstrap.storage import given_limits, limits_of_the_log, open_store
from adapters.engines.choice import default_engines
from adapters.ledger.projector import Projector
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config, load_config
from domain.commands import SetPolicy
from domain.limits import MEGABYTE, Limits, SharedLimits
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


def test_a_limit_taken_out_of_the_file_is_told_and_can_go_back(env_file: Path) -> None:
    """The start says which limit holds, since when and by whom, and what brings the default back; that does."""
    with freeze_time("2026-01-01T08:00:00Z") as clock:
        started(configured(env_file, MAX_USER_STORAGE_MB=2, MODERATED_FREE="true")).close()
        clock.move_to("2026-01-02T09:30:00Z")
        started(configured(env_file, MAX_USER_DAILY_GENS=9)).close()
        config = configured(env_file)
        assert (
            "MAX_USER_STORAGE_MB = 500 (default of a new log; another log keeps the limit that was set last)"
            in config.describe()
        )
        for _ in range(2):  # the second time from a snapshot
            store = started(config)
            told = limits_of_the_log(config, store.opened().projector)
            store.close()
            assert told == [
                (
                    "MAX_USER_STORAGE_MB is not given, so the log's limit holds: 2.0 MB, set by a setting of the "
                    "service (environment or .env), since 2026-01-01 08:00 UTC. Give MAX_USER_STORAGE_MB=default to go "
                    "back to 500.0 MB, or another value."
                ),
                (
                    "MAX_USER_DAILY_GENS is not given, so the log's limit holds: 9, set by a setting of the service "
                    "(environment or .env), since 2026-01-02 09:30 UTC. Give MAX_USER_DAILY_GENS=default to go back to "
                    "5, or another value."
                ),
                (
                    "MODERATED_FREE is not given, so the log's limit holds: true, set by a setting of the service "
                    "(environment or .env), since 2026-01-01 08:00 UTC. Give MODERATED_FREE=default to go back to "
                    "false, or another value."
                ),
            ]
        config = configured(env_file, **dict.fromkeys(LIMITS, " Default "))
        assert {config.origin(name) for name in LIMITS} == {".env"}
        store = started(config)
        assert limits_of_the_log(config, store.opened().projector) == []
        assert store.opened().state.policy == Limits()
        store.close()
        assert events_of(env_file.parent / "root", "PolicyChanged")[-1]["data"]["source"] == "environment"
        store = started(configured(env_file))
        assert limits_of_the_log(configured(env_file), store.opened().projector) == []
        store.close()


async def test_the_estimate_and_the_largest_image_are_two_settings(env_file: Path) -> None:
    """One is what a reservation holds, the other what is taken in at all."""
    store = started(configured(env_file, IMAGE_GEN_SIZE_MB=2, IMAGE_GENERATION_SIZE_MB=1))
    reserved = await reserve_places(store, WantedPlaces("1"))
    assert not isinstance(reserved, Refusal)
    assert reserved.bytes_each == 2 * MEGABYTE
    with pytest.raises(Exception, match="At most 1,048,576 are allowed"):
        await save_image(store, NewImage("1", png_of_size(MEGABYTE + 1)))
    store.close()


def test_a_managers_limit_holds_until_its_setting_is_another(env_file: Path) -> None:
    """The start says nothing of what holds on as it was, but who set it; what is new it takes, and says in whose place;
    before that it is told what it will do. So from a snapshot too.
    """
    settings = configured(env_file, MAX_USER_DAILY_GENS=5)
    with freeze_time("2026-01-01T08:00:00Z") as clock:
        store = started(settings)
        clock.move_to("2026-01-02T09:30:00Z")
        manager = Actor("discord:7")
        assert change_policy_blocking(store, SharedLimits(daily=9), SharedLimits(daily=5), "why not", actor=manager)
        store.close()
        for _ in range(2):
            store = started(settings)
            (holds,) = limits_of_the_log(settings, store.opened().projector)
            assert holds == (
                "MAX_USER_DAILY_GENS = 5 stands as before, so the limit holds that a manager set since: 9, by "
                "discord:7, since 2026-01-02 09:30 UTC. It holds until a manager changes it, or MAX_USER_DAILY_GENS is "
                "given otherwise."
            )
            with pytest.raises(ConfigError, match="daily = 9"):
                open_store(settings, SetPolicy(daily=7))
            open_store(settings, given_limits(settings)).close()
            store.close()
        other = configured(env_file, MAX_USER_DAILY_GENS=6)
        projector = Projector()
        with closing(default_engines().log.open_for_reading(env_file.parent / "root")) as log:
            projector.replay(log)
        (told,) = limits_of_the_log(other, projector)
        assert told == (
            "MAX_USER_DAILY_GENS = 6 is new, so the next start of the service takes it in place of the limit that a "
            "manager set: 9, by discord:7, since 2026-01-02 09:30 UTC."
        )
        with capture_logs() as said:
            store = started(other)
        assert store.opened().state.policy.daily == 6
        assert limits_of_the_log(other, store.opened().projector) == []
        store.close()
        (taken,) = [entry for entry in said if entry["event"] == "limit taken from settings"]
        assert (taken["limit"], taken["was"], taken["now"], taken["by"]) == ("daily", 9, 6, "discord:7")
    assert_disk_and_log_agree(env_file.parent / "root")
