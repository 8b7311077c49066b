"""The external currency with which offers are paid, as it is configured."""

from __future__ import annotations

from adapters.application.storage import Storage
from adapters.bootstrap.storage import files_of
from adapters.market.configured import make_currency
from adapters.market.paid_outside import PaidOutside
from adapters.settings.config import Config


def paid_outside_of(config: Config, store: Storage) -> PaidOutside | None:
    """Who carries its purchases through; None where no service is named."""
    currency = make_currency(config)
    if currency is None:
        return None
    paid_outside = PaidOutside(store, currency, files_of(config))
    store.watched.append(paid_outside.notes)
    store.measured.append(paid_outside.measured)
    return paid_outside
