"""`StorageManager`: the seeds' calls, name by name, over the typed `Storage`. It only turns values and faults into
tuples and words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.following import FollowedStorage
from adapters.application.governing import correct_clock_blocking, override_limits_blocking, reset_daily_blocking
from adapters.application.quota_figures import GlobalUsage, QuotaStatus
from adapters.application.reading import image_address, image_names, image_path, presigned
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, release_places
from adapters.application.results import LIBRARY, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.following import open_reader
from adapters.engines.opening import open_store
from adapters.generation.prices import PriceBook
from adapters.library.grant_calls import GrantCalls
from adapters.library.market_calls import MarketCalls
from adapters.library.numbers import (
    Credits,
    bytes_of,
    count_of,
    days_of,
    origin_of,
    text_of,
    thousandths_of,
    windows_of,
)
from adapters.library.quota_manager import QuotaManager
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import Fault, StorageUnavailable
from adapters.ports.object_place import is_object_address
from adapters.settings.object_store import LONGEST_PRESIGNED_SECONDS, place_of_environment
from adapters.studio.outside_places import reserve_for_program
from adapters.wording.figures import size_in_words
from adapters.wording.refusals import QUOTA_REASONS, for_programs, sentence_of
from domain.commands import SetPolicy
from domain.limit_names import FURTHER, OF_A_USER
from domain.limits import UserLimits, megabytes
from domain.names import malformed_name, malformed_user
from domain.refusals import Reason, Refusal
from domain.reservations import Reservation

PRICES = PriceBook()
"""The built-in prices, of pictures that a program makes itself."""
READING_ONLY = "this storage was opened for reading only. Open it without read_only=True to change it."


class StorageManager(GrantCalls, MarketCalls):
    """Keeps images of users within quotas, under one storage root.

    Sizes are in MB of 1,048,576 bytes. Limits that are not given are the log's; in a new log 5000 MB for all, 500 MB a
    user and 5 generations a day. Managers of one root in one process share its ledger. `read_only` opens beside a
    running writer.
    """

    def __init__(  # noqa: PLR0913 - the signature is the seeds'
        self,
        storage_root: str | Path = "shared",
        max_global_storage_mb: float | None = None,
        max_user_storage_mb: float | None = None,
        max_user_daily_gens: int | None = None,
        cleanup_days: int = 7,
        *,
        limits: str | None = None,
        check_images: bool = True,
        read_only: bool = False,
        local_root: str | Path = "shared",
        postgres: Mapping[str, str] | None = None,
    ) -> None:
        """`limits` are further ones as LIMITS has them (`user/month/credits=20`); "" is none. Where `storage_root` is
        the address of a bucket, images lie there and all else in `local_root`. `postgres` are the settings `POSTGRES_*`
        of the database that keeps the log, where one does.

        Raises ValueError for a number, a limit or an address that can be none, LogLocked, LogDamaged, and ConfigError
        for limits that contradict those of an open manager of the same root.
        """
        given = (max_global_storage_mb, max_user_storage_mb, max_user_daily_gens, limits)
        policy = SetPolicy(
            user_bytes=bytes_of(max_user_storage_mb, "max_user_storage_mb"),
            pool_bytes=bytes_of(max_global_storage_mb, "max_global_storage_mb"),
            daily=count_of(max_user_daily_gens, "max_user_daily_gens"),
            windows=windows_of(limits, FURTHER),
            source="constructor" if any(limit is not None for limit in given) else "default",
        )
        settings = StoreSettings(cleanup_days=days_of(cleanup_days), check_images=check_images)
        objects = place_of_environment(str(storage_root)) if is_object_address(storage_root) else None
        root = Path(storage_root if objects is None else local_root)
        engine = None if postgres is None else choose_engine(LogKeeper(POSTGRES_MODULE, postgres))
        if read_only:
            self._take(open_reader(root, engine=engine, objects=objects), root)
        else:
            self._take(open_store(root, engine=engine, limits=policy, settings=settings, objects=objects), root)

    @classmethod
    def over(cls, store: Storage) -> Self:
        """A manager over a store that is open already; closing it closes the store."""
        manager = cls.__new__(cls)
        manager._take(store, store.root)  # noqa: SLF001 - its own class
        return manager

    def _take(self, opened: Storage | FollowedStorage, root: Path) -> None:
        self._store = opened if isinstance(opened, Storage) else None
        self._reader = opened
        self.storage_root = root
        self.quota = QuotaManager(self._reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Finishes what is under way and frees the log. Later calls answer that the storage is closed."""
        self._reader.close()

    async def save_image(  # noqa: PLR0913 - the signature is the seeds'
        self,
        image_data: bytes,
        user_id: str,
        image_name: str | None = None,
        is_temp: bool = False,
        *,
        reservation: Reservation | str | None = None,
        operation: str | None = None,
        request: str | None = None,
    ) -> tuple[bool, str, Path | None]:
        """Keeps an image if the quotas allow: `(ok, message, path)`.

        Without a name it gets a fresh `image_<n>`, and so it does in the folder of a kind (`"text_to_image"`). Without
        a reservation it counts as one generation, unless it is a temp file. The same `request` is answered alike and
        saved once.
        """
        try:
            saved = await save_image(
                self._writer(),
                NewImage(
                    user_id,
                    image_data,
                    name=image_name,
                    temp=is_temp,
                    reservation=_id_of(reservation),
                    operation=operation,
                ),
                idempotency_key=request,
            )
        except Fault as error:
            return False, f"Error saving image: {error}", None
        if isinstance(saved, Refusal):
            return False, _words(saved, "Error saving image: "), None
        taken_off = f" Taken off: {', '.join(saved.taken_off)}." if saved.taken_off else ""
        return True, f"Saved as {saved.name} ({size_in_words(saved.size_bytes)}).{taken_off}", saved.path

    def save_image_sync(  # noqa: PLR0913 - the signature is that of `save_image`
        self,
        image_data: bytes,
        user_id: str,
        image_name: str | None = None,
        is_temp: bool = False,
        *,
        reservation: Reservation | str | None = None,
        operation: str | None = None,
        request: str | None = None,
    ) -> tuple[bool, str, Path | None]:
        """`save_image` for callers without an event loop: blocks until the image is kept or refused.

        It has a loop and a thread of its own, so it may also be called inside a coroutine, whose loop waits meanwhile.
        """
        save = self.save_image(
            image_data, user_id, image_name, is_temp, reservation=reservation, operation=operation, request=request
        )
        with ThreadPoolExecutor(1, thread_name_prefix="save-image") as worker:
            return worker.submit(asyncio.run, save).result()

    async def reserve(  # noqa: PLR0913 - each is said of the pictures by its name
        self,
        user_id: str,
        count: int = 1,
        *,
        operation: str | None = None,
        style: str | None = None,
        request: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        credits_each: Credits | None = None,
        guild: str | None = None,
    ) -> tuple[bool, str, Reservation | None]:
        """Holds places and bytes for `count` generations before a provider is paid: `(ok, message, reservation)`.

        `style` is the key of one, such as `pixel-art`, for reports; never words of a prompt. What one picture costs is
        `credits_each`, else the built-in price of that provider and model; it is held too, and while credits are
        limited it is needed. In a `guild` its limits apply. Where pictures could not be kept, nothing is held.
        """
        try:
            actor = LIBRARY._replace(origin=origin_of(guild))
            wanted = WantedPlaces(
                user=user_id,
                count=count,
                operation=operation,
                style=style,
                provider=text_of(provider, "provider"),
                model=text_of(model, "model"),
                credits_each=thousandths_of(credits_each, "credits_each"),
            )
        except ValueError as error:
            return False, f"Error reserving: {error}", None
        try:
            reserved = await reserve_for_program(self._writer(), wanted, PRICES, actor=actor, idempotency_key=request)
        except Fault as error:
            return False, f"Error reserving: {error}", None
        if isinstance(reserved, Refusal):
            prefix = "" if reserved.reason in QUOTA_REASONS else "Error reserving: "
            return False, f"{prefix}{for_programs(reserved)}", None
        held = self._writer().opened().ledger.state.reservation(reserved.reservation)
        if held is None or held.open == 0:
            return False, _words(Refusal(Reason.UNKNOWN_RESERVATION), "Error reserving: "), None
        return True, f"Reserved {reserved.count} until {reserved.expires_at[:16].replace('T', ' ')} UTC.", held

    async def release(
        self,
        reservation: Reservation,
        *,
        reason: str = "cancelled",
        count: int | None = None,
        request: str | None = None,
    ) -> tuple[bool, str]:
        """Gives the open places of a reservation back: `(ok, message)`."""
        try:
            released = await release_places(
                self._writer(),
                ReturnedPlaces(reservation.user, reservation.reservation, reason=reason, count=count),
                idempotency_key=request,
            )
        except Fault as error:
            return False, f"Error releasing: {error}"
        if isinstance(released, Refusal):
            return False, _words(released, "Error releasing: ")
        return True, "Released."

    def get_quota_status(self, user_id: str) -> QuotaStatus:
        """A user's quotas: global, user, daily, storage, global_storage, limits and the position of the log. Raises
        ValueError.
        """
        return self.quota.get_quota_status(user_id)

    def get_global_usage(self) -> GlobalUsage:
        """What all users together use, in MB, and `disk_free_mb`."""
        return self.quota.get_global_usage()

    def get_image_path(self, user_id: str, image_name: str) -> Path | None:
        """Where a kept image lies, None where no such image stands."""
        if malformed_user(user_id) or malformed_name(image_name):
            return None
        return image_path(self._reader, user_id, image_name)

    def get_image_address(self, user_id: str, image_name: str) -> str | None:
        """The same in words, also of a bucket: `s3://bucket/key`."""
        if malformed_user(user_id) or malformed_name(image_name):
            return None
        return image_address(self._reader, user_id, image_name)

    def presigned(self, user_id: str, image_name: str, seconds: int = 60) -> str | None:
        """An address that gives a kept image to whoever has it, for so long, from the bucket where it lies. None where
        no such image stands, or images are files. Raises OSError where the bucket gives none, ValueError for a time
        that is no number from 1 to 604,800.
        """
        if not 0 < seconds <= LONGEST_PRESIGNED_SECONDS:
            raise ValueError(f"an address holds from 1 to {LONGEST_PRESIGNED_SECONDS:,} seconds, not {seconds!r:.40}")
        if malformed_user(user_id) or malformed_name(image_name):
            return None
        return presigned(self._reader, user_id, image_name, seconds)

    def get_user_images(self, user_id: str) -> list[str]:
        """The names of a user's kept images, newest first."""
        if malformed_user(user_id):
            return []
        return image_names(self._reader, user_id)

    def delete_image(self, user_id: str, image_name: str) -> tuple[bool, str]:
        """Takes a kept image away: `(ok, message)`. Blocks until that is durable; safe inside a coroutine."""
        try:
            deleted = delete_image_blocking(self._writer(), user_id, image_name)
        except Fault as error:
            return False, f"Error deleting image: {error}"
        if isinstance(deleted, Refusal):
            return False, _words(deleted, "Error deleting image: ")
        return True, f"Deleted {deleted.name} ({size_in_words(deleted.freed_bytes)} freed)."

    def cleanup_old_files(self, days: int | None = None) -> tuple[int, float]:
        """Removes temp files that are `days` old (by default, `cleanup_days`), by their age in the log: `(deleted,
        freed_mb)`.

        Raises ValueError for an impossible number of days, and Faults.
        """
        cleaned = clean_up_blocking(self._writer(), days)
        if isinstance(cleaned, Refusal):
            raise ValueError(sentence_of(cleaned))  # noqa: TRY004 - the refusal is the answer, the argument its cause
        return cleaned.files, megabytes(cleaned.freed_bytes)

    def reset_daily(self, user_id: str, reason: str) -> tuple[bool, str]:
        """Sets a user's count of today to 0: `(ok, message)`."""
        try:
            done = reset_daily_blocking(self._writer(), user_id, reason)
        except Fault as error:
            return False, f"Error resetting: {error}"
        if isinstance(done, Refusal):
            return False, _words(done, "Error resetting: ")
        return True, f"Today's count of {user_id} is 0 again."

    def override_limits(
        self,
        user_id: str,
        *,
        max_user_storage_mb: float | None = None,
        max_user_daily_gens: int | None = None,
        limits: str | None = None,
        until: str | None = None,
        reason: str = "set by an operator",
    ) -> tuple[bool, str]:
        """Gives a user limits of their own until a time (RFC 3339), replacing former ones whole; none given takes them
        away. `limits` are further ones of the user, as `user/month/credits=20`. Raises ValueError.
        """
        own = UserLimits(
            bytes_of(max_user_storage_mb, "max_user_storage_mb"),
            count_of(max_user_daily_gens, "max_user_daily_gens"),
            windows_of(limits, OF_A_USER) or None,
        )
        try:
            done = override_limits_blocking(self._writer(), user_id, reason, own, until=until)
        except Fault as error:
            return False, f"Error setting limits: {error}"
        if isinstance(done, Refusal):
            return False, _words(done, "Error setting limits: ")
        return True, f"The limits of {user_id} are set."

    def clock_corrected(self) -> tuple[bool, str]:
        """Records that the clock once stood wrong and is right now: `(ok, message)`."""
        try:
            done = correct_clock_blocking(self._writer())
        except Fault as error:
            return False, f"Error correcting the clock: {error}"
        if isinstance(done, Refusal):
            return False, _words(done, "Error correcting the clock: ")
        if done.position == 0:
            return True, "The clock is not behind the log; nothing was changed."
        return True, "The ledger's time is that of the clock again; open reservations were released."

    def _writer(self) -> Storage:
        if self._store is None:
            raise StorageUnavailable(READING_ONLY)
        return self._store


def _words(refusal: Refusal, prefix: str) -> str:
    """The sentence of a refusal: a limit's stands alone, in the seeds' words; any other says what could not be done."""
    return ("" if refusal.reason in QUOTA_REASONS else prefix) + sentence_of(refusal)


def _id_of(reservation: Reservation | str | None) -> str | None:
    return reservation.reservation if isinstance(reservation, Reservation) else reservation
