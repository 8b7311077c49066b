"""A service of a test's own and the page it serves, open in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Page, ViewportSize, expect

from adapters.application.results import StoreSettings
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import Provider
from adapters.generation.sketch.provider import SketchProvider
from adapters.http.access import Door
from adapters.http.service import HttpService, make_app
from adapters.studio import Studio
from domain.commands import SetPolicy

CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: ViewportSize = {"width": 360, "height": 740}
HURRIED = "(() => { const later = setTimeout; window.setTimeout = (what, ms) => later(what, ms / 4); })()"
"""In the page: what it does after a while, it does after a quarter of it."""
PROMPT = "a lighthouse above a quiet sea"


class Held(SketchProvider):
    """A provider that says how far it is, and waits there until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def generate(self, request: Any, on_fraction: Any = lambda _: None) -> Any:
        """Half of it, then the rest."""
        on_fraction(0.5)
        await self.go_on.wait()
        return await super().generate(request, on_fraction)


class Service:
    """A service of this test's own, which can be stopped and started again at its address."""

    def __init__(
        self,
        root: Path,
        limits: SetPolicy,
        provider: Provider | None = None,
        *,
        settings: StoreSettings = StoreSettings(),  # noqa: B008  # an immutable value
        door: Door = Door(),  # noqa: B008  # an immutable value
        port: int = 0,
    ) -> None:
        self.door = door
        self.store = open_store(root, limits=limits, settings=settings)
        self._provider = provider or SketchProvider()
        self._studio = Studio(self.store, Generator(self._provider))
        self._http: HttpService | None = None
        self._port = port

    async def start(self) -> str:
        """Listens, at the same port as before."""
        self._http = HttpService(make_app(self.store, self._studio, door=self.door), host="127.0.0.1", port=self._port)
        address = await self._http.start()
        self._port = int(address.rpartition(":")[2])
        return address

    async def stop(self) -> None:
        """Listens no more; what is stored stays."""
        if self._http is not None:
            await self._http.stop()
            self._http = None

    async def close(self) -> None:
        """The end."""
        await self.stop()
        await self._studio.close()
        await self._provider.close()
        self.store.close()


class Desk(NamedTuple):
    """A page that is open, its service, and what went wrong in the browser."""

    page: Page
    service: Service
    address: str
    errors: list[str]


async def make(page: Page, prompt: str = PROMPT) -> None:
    """Types a prompt, asks for the smallest of the sizes, and waits until the answer is shown."""
    await page.get_by_label("What should be in it?").fill(prompt)
    await page.get_by_role("button", name="Make the picture").tap()
    await expect(page.locator("#frame")).not_to_have_attribute("aria-busy", "true", timeout=20_000)


async def ask_for(page: Page, prompt: str) -> None:
    """Without waiting for it."""
    await page.get_by_label("What should be in it?").fill(prompt)
    await page.get_by_role("button", name="Make the picture").click()
