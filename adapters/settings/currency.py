"""The settings of an external currency with which offers of the market are paid."""

from __future__ import annotations

from pydantic import Field

from adapters.settings.kinds import OptionalAddress, Secret, UnitName
from adapters.settings.section import Section


class CurrencyConfig(Section):
    """The service that keeps it; without an address there is none."""

    url: OptionalAddress = Field(
        "", validation_alias="CURRENCY_URL",
        description="an address that begins with https:// or http://, such as https://bank.example.org",
    )  # fmt: skip
    key: Secret | None = Field(None, validation_alias="CURRENCY_KEY", description="a key")
    name: UnitName = Field(
        "coins", validation_alias="CURRENCY_NAME",
        description="up to 32 letters, digits, spaces, dots, dashes and apostrophes, such as coins",
    )  # fmt: skip
