"""An example of a service that keeps a currency, whole: what docs/market-currency.md asks for, with aiohttp alone.

`python tests/emulators/currency_service.py KEY PORT` runs it on this machine, with 1,000 coins for whoever is asked
for first. It forgets all when it ends; a real one keeps `accounts` and `holds` in one database, and changes both in one
transaction. The emulator of the tests is this with faults around it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from hmac import compare_digest

from aiohttp import web


@dataclass
class Kept:
    """A hold. It may not change its account or amount, and leaves `held` once."""

    account: str
    amount: int
    state: str = "held"


class CurrencyService:
    """Accounts and holds. `begin_with` is what an account has that nobody has asked for yet."""

    def __init__(self, key: str, begin_with: int = 1_000) -> None:
        self.key = key
        self.accounts: defaultdict[str, int] = defaultdict(lambda: begin_with)
        self.holds: dict[str, Kept] = {}

    def routes(self) -> list[web.RouteDef]:
        """The four calls."""
        return [
            web.post("/holds", self.reserve),
            web.post("/holds/{hold}/commit", self.commit),
            web.post("/holds/{hold}/release", self.release),
            web.get("/accounts/{account}", self.balance),
        ]

    async def reserve(self, request: web.Request) -> web.Response:
        """A repeat finds the hold and changes nothing; what is insufficient leaves none behind."""
        asked = await self._allowed(request).json()
        wanted = Kept(asked["account"], asked["amount"])
        if asked["hold"] not in self.holds and self.accounts[wanted.account] >= wanted.amount:
            self.accounts[wanted.account] -= wanted.amount
            self.holds[asked["hold"]] = wanted
        return self._told(asked["hold"], absent="insufficient")

    async def commit(self, request: web.Request) -> web.Response:
        """Takes what is held; the amount has left the account already."""
        name = self._allowed(request).match_info["hold"]
        if name in self.holds and self.holds[name].state == "held":
            self.holds[name].state = "committed"
        return self._told(name)

    async def release(self, request: web.Request) -> web.Response:
        """Gives back what is held. An unknown name is kept as released: a reserve still on its way comes too late."""
        kept = self.holds.setdefault(self._allowed(request).match_info["hold"], Kept("", 0, "released"))
        self.end(kept, "released")
        return self._told(request.match_info["hold"])

    async def balance(self, request: web.Request) -> web.Response:
        """What an account has, without what is held."""
        account = self._allowed(request).match_info["account"]
        return web.json_response({"account": account, "balance": self.accounts[account]})

    def end(self, kept: Kept, state: str) -> None:
        """Gives back what is still held: released by request, or lapsed because nobody asked for it in time."""
        if kept.state == "held":
            self.accounts[kept.account] += kept.amount
            kept.state = state

    def _allowed(self, request: web.Request) -> web.Request:
        if not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {self.key}".encode()):
            raise web.HTTPUnauthorized
        return request

    def _told(self, name: str, absent: str = "unknown") -> web.Response:
        kept = self.holds.get(name)
        if kept is None:
            return web.json_response({"hold": name, "state": absent})
        told = {"hold": name, "state": kept.state}
        return web.json_response(told | ({"account": kept.account, "amount": kept.amount} if kept.account else {}))


if __name__ == "__main__":
    app = web.Application()
    app.add_routes(CurrencyService(sys.argv[1]).routes())
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]))
