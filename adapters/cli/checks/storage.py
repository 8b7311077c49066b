"""What the storage root says: whether it can be written, whether the disk keeps what the limits promise, who holds
the log.
"""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from adapters.application.adoption_mark import AdoptionMark, adopt_command
from adapters.application.exposure import exposure_of
from adapters.application.intake import KINDS
from adapters.application.looking import Looking
from adapters.application.other_things import why_not_begun
from adapters.bootstrap.storage import files_of
from adapters.cli.checks.file_system import weak_file_system
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.cli.reach.service_client import ServiceClient
from adapters.disk.files import Files
from adapters.ports.event_log import ENOUGH_FREE_BYTES, EventLogEngine
from adapters.ports.faults import Fault
from adapters.ports.image_store import ImageStore
from adapters.settings.config import Config
from adapters.tokens.kept import KeptTokens
from adapters.wording.figures import size_in_words
from projections.quota_state import QuotaState

READY_SECONDS = 5.0
MOST_TOLD = 5
"""Files and folders that are named, of those that cannot be written."""


def root(config: Config, engine: EventLogEngine) -> list[Finding]:
    """Whether the storage root is there, or can be made, and takes files; the file that is tried has no name."""
    path = config.storage.storage_root
    stands = _nearest(path)
    try:
        if not stands.is_dir():
            raise NotADirectoryError(20, "it is no folder", str(stands))
        if stands == path:
            with tempfile.TemporaryFile(dir=path) as probe:
                probe.write(b"abby")
        elif not os.access(stands, os.W_OK | os.X_OK):
            raise PermissionError(13, "it may not be written", str(stands))
    except OSError as error:
        advice = "Create the folder, check who owns it and its permissions, or set STORAGE_ROOT to another one."
        return [fail("root", f"The storage root {path} cannot be used: {error.strerror} ({stands}).", advice)]
    if stands == path and not engine.exists(path) and (why := why_not_begun(path, Files())) is not None:
        return [fail("root", why, "Set STORAGE_ROOT, or give --root.")]
    if weak := _weak_disks(config, engine):
        return weak
    if stands != path:
        return [ok("root", f"The storage root {path} is not there yet; it can be made.")]
    return [ok("root", f"The storage root {path} can be written.")]


def written(config: Config, engine: EventLogEngine, images: ImageStore) -> list[Finding]:
    """Whether every folder and file that a command would write can be written, where there are some already."""
    path = config.storage.storage_root
    if not path.exists():
        return []
    sentences = list(dict.fromkeys([*engine.unwritable(path), *images.unwritable(KINDS)]))
    if not sentences:
        return [ok("files", "Every folder and file that a command would write can be written.")]
    more = f" (and {len(sentences) - MOST_TOLD} more)" if len(sentences) > MOST_TOLD else ""
    advice = "Put that right; before that no picture is asked for, or none starts."
    return [fail("files", " ".join(sentences[:MOST_TOLD]) + more, advice)]


def exposed(config: Config, files: Files) -> list[Finding]:
    """What of the root other accounts may use, as far as a part of it tells."""
    path = config.storage.storage_root
    exposure = exposure_of(path, files) if path.exists() else None
    return [] if exposure is None else [warn("others", exposure.found, exposure.advice)]


def kept_images(images: ImageStore, state: QuotaState | None) -> list[Finding]:
    """Whether images have their files, in their sizes, as far as some tell."""
    missing = Looking().missing(state, images) if state else []
    if not missing:
        return []
    found = f"Images have no file, or a damaged one, among them {missing[0].user}/{missing[0].key}. They stay charged."
    return [warn("images", found, "`abby audit` names them all; put them back from a copy.")]


def disk(config: Config, engine: EventLogEngine, state: QuotaState | None, files: Files) -> Finding:
    """Whether the disk has room for what the pool's limit still promises; without a log, for the limit that is set."""
    free = min(files.free_bytes(_nearest(folder)) for folder in _folders(config, engine))
    limit = state.policy.pool_bytes if state else config.storage.max_global_storage_mb * 1_048_576
    promised = max(0, limit - (state.pool.used_bytes if state else 0))
    figures = f"{size_in_words(free)} are free, and the pool still promises {size_in_words(promised)}"
    if config.objects is not None:  # they are not kept on it
        promised, figures = 0, f"{size_in_words(free)} are free for the log"
    if free < ENOUGH_FREE_BYTES:
        advice = "Make room now: below 16 MiB only deletions and cleanups are admitted."
        return fail("disk", f"The disk is nearly full: {figures}.", advice)
    if free < promised:
        return warn("disk", f"{figures}.", "Make room, or lower MAX_GLOBAL_STORAGE_MB to what the disk can keep.")
    return ok("disk", f"{figures}.")


def holder(config: Config, engine: EventLogEngine) -> list[Finding]:
    """Who holds the log, whether that service answers, and where none does, whether one could listen."""
    held = engine.holder(config.storage.storage_root)
    if held is None:
        return [ok("lock", "Nobody holds the log: commands open it themselves."), _port(config)]
    process = f"process {held.pid}" if held.pid else "another process"
    if held.address is None:
        found = f"The log is held by {process}, which has no address: a program that embeds the storage."
        return [ok("lock", f"{found} Commands that write are refused while it runs.")]
    return [ok("lock", f"The log is held by {process}, the service at {held.address}."), _service(config, held.address)]


def adoption(config: Config) -> list[Finding]:
    """Whether existing images are only half brought in."""
    root = config.storage.storage_root
    directory = AdoptionMark(root, Files()).directory()
    if directory is None:
        return []
    advice = f"Run `{adopt_command(root, directory)}`; it goes on where it stopped."
    return [fail("adoption", f"Images were being adopted from {directory}, and that is not finished.", advice)]


def _folders(config: Config, engine: EventLogEngine) -> tuple[Path, ...]:
    """The root, and what may be a link to another disk."""
    path = config.storage.storage_root
    return path, path / "images", Path(engine.location(path).folder)


def _weak_disks(config: Config, engine: EventLogEngine) -> list[Finding]:
    """What is known against the file systems of the root and of what lies on another disk, each once."""
    first_of_kind: dict[str | None, Path] = {}
    for folder in _folders(config, engine):
        first_of_kind.setdefault(Files().file_system(_nearest(folder)), folder)
    found = [weak_file_system(folder, kind) for kind, folder in first_of_kind.items()]
    return [finding for finding in found if finding]


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest one above it that stands."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _service(config: Config, address: str) -> Finding:
    """As the service says; without its pass, which another account may not read, by the kinds of its notes."""
    service_pass = KeptTokens(config.storage.storage_root, files_of(config)).read_pass()
    try:
        state = ServiceClient(address, service_pass).look("/readyz", seconds=READY_SECONDS).json
    except Fault as fault:
        return fail("service", str(fault), "Look at the service's own log; restart it if it hangs.")
    kinds = ", ".join(map(str, state.get("kinds", ())))
    notes = " ".join(map(str, state.get("notes", (f"{kinds} (docs/operations.md says what each is).",))))
    match state.get("status"):
        case "ready":
            return ok("service", f"The service is ready. Last cleanup: {state.get('last_cleanup') or 'none yet'}.")
        case "degraded":
            return warn("service", f"The service is degraded: {notes}", "Do what it says.")
        case _:
            return fail("service", f"The service is not ready: {notes}", "Do what it says, or restart it.")


def _port(config: Config) -> Finding:
    """Whether the address of the service is free; it is bound for a moment and given back."""
    host, port = config.http.host, config.http.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere this option would let two programs share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        advice = "Stop the program that uses it, or set HTTP_PORT to another one."
        return fail("port", f"The service could not listen on {host} port {port}: {error.strerror or error}.", advice)
    return ok("port", f"The service can listen on {host} port {port}.")
