"""The example of a currency's service runs by itself, as docs/market-currency.md says, and keeps its promises there."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.ports.currency import Hold, HoldState

PROGRAM = Path(__file__).parent / "currency_service.py"
DOCUMENT = Path(__file__).parents[2] / "docs" / "market-currency.md"
HOLD = Hold("abby-1", "123", 25)


async def test_the_example_runs_as_the_document_says() -> None:
    """With a key, and any port that is free; the client of the product pays with it."""
    assert "\npython tests/emulators/currency_service.py a-key 9100\n" in DOCUMENT.read_text(encoding="utf-8")
    pipe = asyncio.subprocess.PIPE
    service = await asyncio.create_subprocess_exec(sys.executable, "-u", PROGRAM, "a-key", "0", stdout=pipe)
    assert service.stdout is not None
    try:
        told = await service.stdout.readline()
        found = re.search(rb"http://127\.0\.0\.1:\d+", told)
        assert found is not None, told
        currency = HttpCurrency(CurrencySettings(found[0].decode(), "a-key"))
        assert await currency.reserve(HOLD) is HoldState.HELD
        assert await currency.commit(HOLD) is HoldState.COMMITTED
        assert await currency.balance("123") == 975
    finally:
        service.kill()
        await service.communicate()
