"""`abby doctor`: looks at everything that commonly stands in the way, and says of each what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from adapters.bootstrap.storage import files_of
from adapters.cli.checks import bucket, database, log, settings, storage, webhooks
from adapters.cli.checks.finding import Finding, Level, fail
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.cli.tables import add_row, table
from adapters.disk.files import Files
from adapters.engines.choice import choose_engine, image_stores
from adapters.ports.clock import utc_now
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import ConfigError, StorageUnavailable
from adapters.ports.image_store import ImageStore
from adapters.ports.object_place import ObjectPlace
from adapters.settings.config import Config
from adapters.wording.figures import counted


def doctor(invocation: Invocation, output: Output) -> int:
    """Shows the findings; 1 where one of them is FAIL."""
    findings = examine(invocation)
    worst = max((finding.level for finding in findings), key=list(Level).index)
    answer = {"worst": worst.value, "checks": [finding._asdict() for finding in findings]}
    output.answer(answer, lambda console: _print(console, answer))
    return Exit.REFUSED if worst is Level.FAIL else Exit.DONE


def examine(invocation: Invocation) -> list[Finding]:
    """All findings; where the settings cannot be used, only those that need none."""
    findings = [settings.versions(), settings.env_file(invocation.env_file)]
    try:
        config = invocation.set_up()
        engine = choose_engine(config.log_keeper)
    except ConfigError as error:
        advice = "Correct them; nothing starts before that, and the rest was not looked at."
        return [*findings, fail("settings", str(error), advice)]
    in_log = log.InLog([])

    def look_at_log() -> list[Finding]:
        nonlocal in_log
        in_log = log.whole(config, engine)
        return in_log.findings

    of_log = _looked("log", look_at_log)
    findings += [
        settings.unknown_names(config, in_log.limits),
        settings.provider(config),
        settings.price(config, in_log.state),
        settings.key(config),
        settings.token(config),
        settings.access(config),
        settings.digest(config),
        webhooks.told(config),
    ]
    return [*findings, *_of_the_root(config, engine, in_log, of_log)]


def _of_the_root(config: Config, engine: EventLogEngine, in_log: log.InLog, of_log: list[Finding]) -> list[Finding]:
    """What concerns the storage root, each look also where others fail."""
    state, objects = in_log.state, config.objects
    images = in_log.images or image_stores(objects=objects)(config.storage.storage_root)
    return [
        *_looked("root", lambda: storage.root(config, engine)),
        *_looked("files", lambda: storage.written(config, engine, images)),
        *_looked("others", lambda: storage.exposed(config, files_of(config))),
        *_looked("images", lambda: _of_images(in_log, images, objects)),
        *_looked("disk", lambda: [storage.disk(config, engine, state, Files())]),
        *_looked("database", lambda: database.database(config, state)),
        *of_log,
        log.clock_shows(utc_now(), state),
        *_looked("lock", lambda: storage.holder(config, engine)),
        *_looked("adoption", lambda: storage.adoption(config)),
    ]


def _of_images(in_log: log.InLog, images: ImageStore, objects: ObjectPlace | None) -> list[Finding]:
    """Whether images are where they should be, and what keeps them does what is needed of it."""
    found = [] if in_log.misplaced is None else [fail("images", *in_log.misplaced)]
    if objects is not None:
        return [*bucket.bucket(objects, has_log=in_log.state is not None), *found]
    return found or storage.kept_images(images, in_log.state)


def _looked(check: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What a look finds; where the system, the database or a setting does not let it look, that."""
    try:
        return look()
    except (ConfigError, StorageUnavailable) as fault:
        return [fail(check, str(fault), "It can be looked at when that is put right.")]
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        advice = "Check who owns it, its permissions and its disk, and which account runs this command."
        return [fail(check, f"It cannot be looked at ({error.strerror or error}{where}).", advice)]


def _print(console: Console, answer: Mapping[str, Any]) -> None:
    shown = table("Abby's health", ("", "check", "found, and what to do"))
    for finding in answer["checks"]:
        advice = f"\n-> {finding['advice']}" if finding["advice"] else ""
        add_row(shown, finding["level"], finding["check"], finding["found"] + advice)
    console.print(shown)
    levels = [finding["level"] for finding in answer["checks"]]
    failures, warnings = levels.count("FAIL"), levels.count("WARN")
    console.print(f"{counted(failures, 'failure')}, {counted(warnings, 'warning')}.", markup=False)
