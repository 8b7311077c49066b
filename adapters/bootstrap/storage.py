"""The storage root as it is configured: limits that were given, settings of the storage, and the store itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from adapters.application.results import SYSTEM, StoreSettings
from adapters.disk.files import Files
from adapters.disk.modes import GROUP_READS, OWNER_ALONE
from adapters.engines.choice import choose_engine
from adapters.ledger.projector import Projector
from adapters.ports.clock import Clock, utc_now
from adapters.settings.config import LIMIT_SETTINGS, Config
from adapters.wording.limits import limit_of_a_manager, limit_of_another, limit_of_the_log, limit_to_be_taken
from domain.commands import OF_A_MANAGER, SetPolicy
from domain.limits import MEGABYTE, Limits
from projections.quota_state import QuotaState

if TYPE_CHECKING:
    from adapters.application.storage import Storage  # late: who reads the log opens no storage

T = TypeVar("T")


def open_store(config: Config, limits: SetPolicy, *, clock: Clock = utc_now) -> Storage:
    """The configured root, opened for writing with the configured engine.

    Raises LogLocked, LogDamaged and ConfigError; a root that cannot be made or written is tried again later.
    """
    from adapters.engines import opening  # late: commands that read the log open no storage

    files = files_of(config)
    return opening.open_store(
        config.storage.storage_root,
        engine=choose_engine(config.log_keeper, files),
        limits=limits,
        settings=store_settings(config),
        clock=clock,
        files=files,
        objects=config.objects,
    )


def files_of(config: Config) -> Files:
    """The file system, where what is made is for whom the settings say."""
    return Files(access=GROUP_READS if config.storage.group_access == "read" else OWNER_ALONE)


def given_limits(config: Config) -> SetPolicy:
    """The limits that were given by an argument or a variable; what is left to its default is the log's to say."""
    storage = config.storage

    def given(setting: str, value: T) -> T | None:
        return None if config.origin(setting) == "default" else value

    return SetPolicy(
        user_bytes=given("MAX_USER_STORAGE_MB", storage.max_user_storage_mb * MEGABYTE),
        pool_bytes=given("MAX_GLOBAL_STORAGE_MB", storage.max_global_storage_mb * MEGABYTE),
        daily=given("MAX_USER_DAILY_GENS", storage.max_user_daily_gens),
        gen_bytes=given("IMAGE_GEN_SIZE_MB", round(storage.image_gen_size_mb * MEGABYTE)),
        moderated_free=given("MODERATED_FREE", storage.moderated_free),
        windows=given("LIMITS", storage.limits.windows),
        unenforced=given("ENFORCE", storage.enforce),
        tell_at=given("TELL_AT", storage.tell_at),
        source="default" if all(config.origin(setting) == "default" for setting in LIMIT_SETTINGS) else "environment",
        by=SYSTEM.by,
    )


def limits_of_the_log(config: Config, projector: Projector) -> list[str]:
    """A sentence for each limit that is not as the settings say, and for each that no setting gives and that is not the
    default: what is left out holds on, and so does what a manager changed, until its setting is another.
    """
    state, given = projector.state, given_limits(config).given
    told = []
    for setting, limit in LIMIT_SETTINGS.items():
        value, default = getattr(state.policy, limit), getattr(Limits(), limit)
        change, setting_gives = projector.limit_changes.last(limit), given.get(limit)
        if change is None or value == (default if setting_gives is None else setting_gives):
            continue
        if change.source == OF_A_MANAGER:
            is_new = setting_gives is not None and setting_gives != getattr(state.taken_in, limit)
            tell = limit_to_be_taken if is_new else limit_of_a_manager
            told.append(tell(setting, limit, value, setting_gives, since=change.at, by=change.by))
        elif setting_gives is None:
            told.append(limit_of_the_log(setting, limit, value, default, since=change.at, source=change.source))
    return told


def limits_of_others(config: Config, state: QuotaState) -> list[str]:
    """A sentence for each limit that the settings give otherwise than it was given last: the next start changes it."""
    given, taken = given_limits(config).given, state.taken_in._asdict()
    return [
        limit_of_another(setting, limit, taken[limit], given[limit])
        for setting, limit in LIMIT_SETTINGS.items()
        if limit in given and taken[limit] not in {None, given[limit]}
    ]


def store_settings(config: Config) -> StoreSettings:
    """What the storage needs to know that is no limit of the log."""
    storage = config.storage
    return StoreSettings(
        max_image_bytes=storage.image_generation_size_mb * MEGABYTE,
        reservation_seconds=storage.reservation_minutes * 60,
        cleanup_days=storage.cleanup_days,
        seal_file=storage.seal_file,
        strip_foreign=storage.foreign_parts == "strip",
        earn_daily=config.market.earn_daily,
        earn_favourite=config.market.earn_favourite,
        points_name=config.market.points_name,
        presigned_seconds=0 if config.objects is None else config.object_store.presigned_seconds,
        currency=config.currency.name if config.currency.url else "",
    )
