"""Whether webhooks are set up, where they go and how far is told. The receiver is not asked: `/readyz` tells of it."""

from __future__ import annotations

from adapters.bootstrap.storage import files_of
from adapters.bootstrap.webhooks import receiver_of
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.disk.ways import resolved
from adapters.ports.clock import utc_now
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config
from adapters.webhooks.cursor import CursorUnreadable, KeptCursor


def told(config: Config) -> Finding:
    """To whom which events are told, and up to which position."""
    try:
        receiver = receiver_of(config, utc_now)
    except ConfigError as error:
        return fail("webhooks", str(error), "`serve` refuses to start before that.")
    if receiver is None:
        return ok("webhooks", "WEBHOOK_URL is not set: no program is told what is recorded.")
    goes = f"{', '.join(config.webhooks.events)} go to {receiver.shown}"
    try:
        marks = KeptCursor(resolved(config.storage.storage_root), files_of(config)).read()
    except CursorUnreadable as error:
        return warn("webhooks", f"{goes}, once it is known how far was told.", str(error))
    far = "None was told yet; they begin with the service." if marks is None else f"Told up to {marks[-1].position:,}."
    return ok("webhooks", f"{goes}. {far} Whether they arrive, `/readyz` of the service says.")
