"""The example of a currency's service as an emulator: it also drops answers, before or after the work, and forgets."""

from __future__ import annotations

from aiohttp import web

from tests.emulators.currency_service import CurrencyService
from tests.emulators.emulator import Emulator, Handler


class CurrencyEmulator(Emulator):
    """`service` has the accounts and the holds; `holds_lapse` and `holds_forgotten` end holds that are open as a
    service does to which nobody comes back.
    """

    name = "currency"

    def __init__(self, key: str, begin_with: int = 1_000) -> None:
        super().__init__()
        self.service = CurrencyService(key, begin_with)

    def routes(self) -> list[web.RouteDef]:
        """The service's, each of which wants an idempotency key where it changes something."""
        return [
            web.RouteDef(route.method, route.path, self._keyed(route.handler), route.kwargs)
            for route in self.service.routes()
        ]

    @property
    def paid(self) -> int:
        """All that was taken."""
        return sum(kept.amount for kept in self.service.holds.values() if kept.state == "committed")

    @property
    def held(self) -> int:
        """All that is kept back."""
        return sum(kept.amount for kept in self.service.holds.values() if kept.state == "held")

    def holds_lapse(self) -> None:
        """Gives back every open hold, and remembers that."""
        for kept in self.service.holds.values():
            self.service.end(kept, "lapsed")

    def holds_forgotten(self) -> None:
        """Gives back every open hold, and knows no longer that there was one."""
        self.holds_lapse()
        holds = self.service.holds
        self.service.holds = {name: kept for name, kept in holds.items() if kept.state != "lapsed"}

    def _keyed(self, handler: Handler) -> Handler:
        async def heard(request: web.Request) -> web.StreamResponse:
            parts = request.path.split("/")
            if request.method == "POST":
                hold = (await request.json()).get("hold") or parts[2]
                act = parts[3] if len(parts) > 3 else "reserve"
                if request.headers.get("Idempotency-Key") != f"{hold}.{act}":
                    self.complain(f"{request.path} has another key, or none")
            return await handler(request)

        return heard
