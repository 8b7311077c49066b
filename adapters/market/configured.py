"""The external currency, as it is configured, and whether its key would be sent in the clear."""

from __future__ import annotations

from adapters.market.http_currency import ADDRESS_SETTING, CurrencySettings, HttpCurrency
from adapters.network.loopback import is_sent_in_clear
from adapters.settings.config import Config


def make_currency(config: Config) -> HttpCurrency | None:
    """Its client, None where no service is named; nothing is connected yet."""
    told = config.currency
    if not told.url:
        return None
    return HttpCurrency(CurrencySettings(told.url, told.key.get_secret_value() if told.key else "", told.name))


def currency_unencrypted(config: Config) -> list[str]:
    """A warning where a key is sent over plain http, to another machine than this one."""
    told = config.currency
    if told.key is None or not is_sent_in_clear(told.url):
        return []
    return [f"{ADDRESS_SETTING} begins with http://, so the key is sent unencrypted; use https://"]
