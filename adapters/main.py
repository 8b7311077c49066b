"""The composition root: builds every part once from the configuration, starts them, and stops them in reverse order."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import structlog

from adapters.application.results import SYSTEM, GivenLimits, StoreSettings
from adapters.application.storage import ImageStore
from adapters.generation import ImageGenerator, choose_provider
from adapters.generation.configured import provider_settings
from adapters.generation.image_url import ImageFetcher
from adapters.http.service import HttpService, make_app
from adapters.ports.clock import Clock, utc_now
from adapters.ports.faults import ConfigError, Fault, LedgerStopped, StorageUnavailable
from adapters.settings.config import Config
from adapters.studio import Studio, StudioSettings
from adapters.wording.failures import sentence_of_failure
from domain.limits import MEGABYTE, megabytes
from domain.refusals import Refusal

if TYPE_CHECKING:
    from adapters.discord.lifecycle import BotLife

TICK_SECONDS = 0.5
"""How often the service looks after itself."""
CLEANUP_SECONDS = 86_400.0
"""How often old temp files are cleaned up."""
DRAIN_SECONDS = 5.0
"""How long a service whose ledger has stopped still answers, so that `/readyz` and callers hear of it."""
STOPPED_EXIT_CODE = 74
EVENTLOG = "adapters.eventlog"
LIMIT_SETTINGS = (
    "MAX_USER_STORAGE_MB",
    "MAX_GLOBAL_STORAGE_MB",
    "MAX_USER_DAILY_GENS",
    "IMAGE_GEN_SIZE_MB",
    "MODERATED_FREE",
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Program:
    """All parts of a running service: the page and the API, the bot, or both."""

    config: Config
    store: ImageStore
    generator: ImageGenerator
    studio: Studio
    http: HttpService | None
    bot: BotLife | None


def given_limits(config: Config) -> GivenLimits:
    """The limits that were given by an argument or a variable; what is left to its default is the log's to say."""
    storage = config.storage

    def given(setting: str, value: int) -> int | None:
        return None if config.origin(setting) == "default" else value

    return GivenLimits(
        user_bytes=given("MAX_USER_STORAGE_MB", storage.max_user_storage_mb * MEGABYTE),
        pool_bytes=given("MAX_GLOBAL_STORAGE_MB", storage.max_global_storage_mb * MEGABYTE),
        daily=given("MAX_USER_DAILY_GENS", storage.max_user_daily_gens),
        gen_bytes=given("IMAGE_GEN_SIZE_MB", round(storage.image_gen_size_mb * MEGABYTE)),
        moderated_free=None if config.origin("MODERATED_FREE") == "default" else storage.moderated_free,
        source="default" if all(config.origin(setting) == "default" for setting in LIMIT_SETTINGS) else "environment",
        by=SYSTEM.by,
    )


def store_settings(config: Config) -> StoreSettings:
    """What the storage needs to know that is no limit of the log."""
    storage = config.storage
    return StoreSettings(
        max_image_bytes=storage.image_generation_size_mb * MEGABYTE,
        reservation_seconds=storage.reservation_minutes * 60,
        cleanup_days=storage.cleanup_days,
    )


def make_generator(config: Config) -> ImageGenerator:
    """The generator with the configured provider."""
    return ImageGenerator(
        provider=choose_provider(provider_settings(config)), fetcher=ImageFetcher(config.generation.image_url_hosts)
    )


def studio_settings(config: Config) -> StudioSettings:
    """How many requests run and wait, and what the files tell of them."""
    making = config.generation
    return StudioSettings(making.at_once or None, making.queue_length, making.queue_per_user, making.prompt_in_image)


def build(config: Config, clock: Clock = utc_now, *, bot_alone: bool = False) -> Program:
    """Every part, opened and not yet serving; the bot is one where it has a token. Raises Faults."""
    if config.persistence_module != EVENTLOG:
        raise ConfigError(
            f"PERSISTENCE_MODULE={config.persistence_module}: the service keeps its log with {EVENTLOG} alone. "
            "Leave the setting out."
        )
    store = ImageStore(
        config.storage.storage_root, limits=given_limits(config), settings=store_settings(config), clock=clock
    )
    generator = make_generator(config)
    studio = Studio(store, generator, studio_settings(config))
    app = None if bot_alone else make_app(store, studio, clock=clock)
    http = None if app is None else HttpService(app, host=config.http.host, port=config.http.port)
    bot = _make_bot(config, store, studio) if bot_alone or config.discord.token else None
    return Program(config, store, generator, studio, http, bot)


def _make_bot(config: Config, store: ImageStore, studio: Studio) -> BotLife:
    from adapters.discord.bot import Parts  # here, as the library is large and a start without a bot needs none of it
    from adapters.discord.lifecycle import BotLife

    return BotLife(Parts(config, store, studio))


def serve(config: Config, out: TextIO = sys.stdout, *, bot_alone: bool = False) -> int:
    """Runs the service until it is told to stop; the exit code. Raises Faults that keep it from starting."""
    for line in (*config.describe(), *config.warnings):
        print(line, file=out)
    program = build(config, bot_alone=bot_alone)
    try:
        return asyncio.run(_serve(program, out))
    finally:
        program.store.close()


async def _serve(program: Program, out: TextIO) -> int:
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    address = await program.http.start() if program.http else None
    _say_hello(program, address, out)
    if program.bot:
        program.bot.start()
    try:
        return await _look_after(program, address, stopping)
    finally:
        await asyncio.gather(*(part.stop() for part in (program.bot, program.http) if part))
        await program.studio.close()
        await program.generator.aclose()


def _say_hello(program: Program, address: str | None, out: TextIO) -> None:
    readiness = program.store.readiness()
    if readiness.ready:
        print("StorageManager initialized successfully", file=out)
        print(_limits_in_force(program.store), file=out)
    for note in readiness.notes:
        print(f"Storage: {note}", file=out)
    print("ImageGenerator initialized successfully", file=out)
    none = program.generator.unavailable
    made_by = sentence_of_failure(none) if none else f"Images are made by: {program.generator.provider.name}"
    where = f"The page is at {address}/" if address else "The bot is connecting"
    print(made_by, f"{where} (Ctrl+C stops the service)", sep="\n", file=out, flush=True)


def _limits_in_force(store: ImageStore) -> str:
    """The policy of the log: what was given is in it by now, and what was left out is what was set last."""
    policy = store.opened().ledger.state.policy
    return (
        f"Limits in force: {megabytes(policy.user_bytes)} MB a user, {megabytes(policy.pool_bytes)} MB together, "
        f"{policy.daily} generations a user and day"
    )


async def _look_after(program: Program, address: str | None, stopping: asyncio.Event) -> int:
    """Until the service is to stop: tells the lock where it serves, cleans up daily, and notices a stopped ledger.

    Raises the fault of a bot that has ended where there is nothing beside it.
    """
    loop = asyncio.get_running_loop()
    announced = False
    cleanup_at = loop.time()
    while not stopping.is_set():
        if program.http is None and program.bot is not None and program.bot.fault is not None:
            raise program.bot.fault
        with suppress(StorageUnavailable):
            opened = await asyncio.to_thread(program.store.opened)
            if opened.ledger.fault is not None:
                _log.error("service stops", reason=str(opened.ledger.fault))
                await _wait(stopping, DRAIN_SECONDS)
                return STOPPED_EXIT_CODE
            if address is not None and not announced:
                opened.recorder.announce(address)
                announced = True
            if loop.time() >= cleanup_at:
                await asyncio.to_thread(_clean_up, program.store)
                cleanup_at = loop.time() + CLEANUP_SECONDS
        await _wait(stopping, TICK_SECONDS)
    return 0


def _clean_up(store: ImageStore) -> None:
    """Removes old temp files; where that cannot be done now, it is logged and done the next day."""
    try:
        cleaned = store.cleanup_now(actor=SYSTEM)
    except LedgerStopped:
        return  # the next tick ends the service
    except Fault as fault:
        _log.warning("no cleanup", reason=str(fault))
        return
    if isinstance(cleaned, Refusal):
        _log.warning("no cleanup", reason=cleaned.reason.value)
    else:
        _log.info("cleaned up", files=cleaned.files, freed_bytes=cleaned.freed_bytes)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    """SIGINT and SIGTERM stop the service in order, also where the event loop takes no signal handlers (Windows)."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
