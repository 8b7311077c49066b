"""Runs the service: starts its parts, looks after them until it is told to stop, and stops them in reverse order.
What they are is `bootstrap`'s to say.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from typing import TextIO

import structlog

from adapters.application.deleting import clean_up_blocking
from adapters.application.exposure import exposure_of
from adapters.application.readiness import readiness_of
from adapters.application.reading import policy_in_force
from adapters.application.results import SYSTEM
from adapters.application.storage import Storage
from adapters.bootstrap.program import Program, build
from adapters.bootstrap.reach import needs_token, reach_of
from adapters.bootstrap.storage import files_of, limits_of_the_log
from adapters.disk.ways import resolved
from adapters.generation.configured import provider_settings, sent_unencrypted
from adapters.generation.ended_models import ended_model
from adapters.generation.pricing import refused_unpriced
from adapters.images.memory import give_back_what_is_freed
from adapters.market.configured import currency_unencrypted
from adapters.network.open_files import allow_open_files
from adapters.ports.faults import Fault, LedgerStopped, StorageUnavailable, exit_code_of
from adapters.settings.config import Config
from adapters.wording.failures import sentence_of_failure
from adapters.wording.limits import limits_in_force
from domain.refusals import Refusal

TICK_SECONDS = 0.5
"""How often the service looks after itself."""
CLEANUP_SECONDS = 86_400.0
"""How often old temp files are cleaned up."""
DRAIN_SECONDS = 5.0
"""How long a service whose ledger has stopped still answers, so that `/readyz` and callers hear of it."""
SWITCH_SECONDS = 0.0005
"""How long a thread that only calculates keeps all others waiting; Python's own 5 ms are so many for each step of a
request, and a request has dozens. A service is no embedding program's, so it may say.
"""
OPEN_FILES = 4_096
"""Files and sockets at once; many systems allow a program a quarter of that until it asks."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def serve(config: Config, out: TextIO = sys.stdout, *, bot_alone: bool = False) -> int:
    """Runs the service until it is told to stop; the exit code. Raises Faults that keep it from starting."""
    sys.setswitchinterval(SWITCH_SECONDS)
    allow_open_files(OPEN_FILES)
    give_back_what_is_freed()
    unencrypted = (*sent_unencrypted(config), *currency_unencrypted(config))
    warnings = [*config.warnings, *unencrypted, ended_model(provider_settings(config))]
    for line in (*config.describe(), *filter(None, warnings)):
        print(line, file=out)
    out.flush()  # an output that cannot be written is found before anything is opened
    program = build(config, bot_alone=bot_alone)
    try:
        code = asyncio.run(_serve(program, out))
    finally:
        unmarked = program.store.close()
    if unmarked is None or code:
        return code
    print(f"Storage: The service stopped, but its log was not left in order. {unmarked}", file=out, flush=True)
    return exit_code_of(unmarked)


async def _serve(program: Program, out: TextIO) -> int:
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    address = await program.http.start() if program.http else None
    _say_hello(program, address, out, await _refused_unpriced(program))
    for part in (program.bot, program.webhooks, program.paid_outside):
        if part:
            part.start()
    try:
        return await _look_after(program, address, stopping)
    finally:
        parts = (program.bot, program.http, program.webhooks, program.paid_outside)
        await asyncio.gather(*(part.stop() for part in parts if part))
        await program.studio.close()
        await program.generator.aclose()


async def _refused_unpriced(program: Program) -> str:
    """Whether all pictures are refused as nobody knows their price; nothing of a log that cannot be read."""
    if not readiness_of(program.store).ready:
        return ""
    return await refused_unpriced(program.generator, policy_in_force(program.store))


def _say_hello(program: Program, address: str | None, out: TextIO, unpriced: str) -> None:
    readiness = readiness_of(program.store)
    exposure = exposure_of(resolved(program.store.root), files_of(program.config))
    if readiness.ready:
        print("StorageManager initialized successfully", file=out)
        opened = program.store.opened()
        of_the_log = limits_of_the_log(program.config, opened.projector)
        print(limits_in_force(opened.state.policy), *of_the_log, sep="\n", file=out)
    begun = [readiness.begun] if readiness.begun else []
    for note in (*readiness.notes, *begun, *([" ".join(exposure)] if exposure else [])):
        print(f"Storage: {note}", file=out)
    print("ImageGenerator initialized successfully", file=out)
    none = program.generator.unavailable
    made_by = sentence_of_failure(none) if none else f"Images are made by: {program.generator.provider.name}"
    if unpriced:
        print(unpriced, file=out)
    if address:
        print(reach_of(program.config).says(needs_token=needs_token(program.config)), file=out)
        if program.config.http.public_url:
            print(f"For browsers the page is {program.config.http.public_url}/", file=out)
    if program.webhooks:
        print(f"Webhooks go to {program.webhooks.receiver.shown}: {', '.join(program.webhooks.types)}", file=out)
    where = f"The page is at {address}/" if address else "The bot is connecting"
    print(made_by, f"{where} (Ctrl+C stops the service)", sep="\n", file=out, flush=True)


async def _look_after(program: Program, address: str | None, stopping: asyncio.Event) -> int:
    """Until the service is to stop: tells the lock where it serves, cleans up daily, and notices a stopped ledger.

    Raises the fault of a bot that has ended where there is nothing beside it.
    """
    loop = asyncio.get_running_loop()
    announced = marked = False
    cleanup_at = loop.time()
    while not stopping.is_set():
        if program.http is None and program.bot is not None and program.bot.fault is not None:
            raise program.bot.fault
        with suppress(StorageUnavailable):
            opened = await asyncio.to_thread(program.store.opened)
            if opened.ledger.fault is not None:
                _log.error("service stops", reason=str(opened.ledger.fault))
                await _wait(stopping, DRAIN_SECONDS)
                return exit_code_of(opened.ledger.fault)
            if address is not None and not announced:
                await asyncio.to_thread(_make_pass, program)
                opened.recorder.announce(address)
                announced = True
            if not marked:
                await asyncio.to_thread(opened.mark.leave, opened.now())
                marked = True
            if loop.time() >= cleanup_at:
                await asyncio.to_thread(_clean_up, program.store)
                cleanup_at = loop.time() + CLEANUP_SECONDS
        await _wait(stopping, TICK_SECONDS)
    return 0


def _make_pass(program: Program) -> None:
    """Lets the commands of this account in; without it they say that they need a token, where one is asked for."""
    try:
        program.tokens.make_pass()
    except OSError as error:
        _log.warning("no pass for the commands of this machine", reason=error.strerror or str(error))


def _clean_up(store: Storage) -> None:
    """Removes old temp files; where that cannot be done now, it is logged and done the next day."""
    try:
        cleaned = clean_up_blocking(store, actor=SYSTEM)
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
