"""Who is told what was recorded, as it is configured."""

from __future__ import annotations

from adapters.application.storage import Storage
from adapters.bootstrap.storage import files_of
from adapters.disk.ways import resolved
from adapters.ports.clock import Clock
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config
from adapters.settings.webhooks import signing_key
from adapters.webhooks.cursor import CursorOfAll, KeptCursor
from adapters.webhooks.receiver import Receiver
from adapters.webhooks.telling import Webhooks


def receiver_of(config: Config, clock: Clock) -> Receiver | None:
    """The receiver; None where there is none. Raises ConfigError where address or secret is missing."""
    url, secret = config.webhooks.url, config.webhooks.secret
    if url is None and secret is None:
        return None
    if url is None or secret is None:
        missing = "WEBHOOK_URL" if url is None else "WEBHOOK_SECRET"
        raise ConfigError(
            f"Webhooks need WEBHOOK_URL and WEBHOOK_SECRET, and {missing} is not set. Set it, or take the other away."
        )
    return Receiver(url.get_secret_value(), signing_key(secret.get_secret_value()), clock)


def webhooks_to(receiver: Receiver, config: Config, store: Storage) -> Webhooks:
    """Who tells that receiver, with its cursor below the storage root."""
    kept = CursorOfAll(store, KeptCursor(resolved(store.root), files_of(config)))
    webhooks = Webhooks(store, receiver, config.webhooks.events, kept)
    store.watched.append(webhooks.notes)
    store.measured.append(webhooks.measured)
    return webhooks
