"""What is saved, downloaded through the page and opened in a browser is a picture there and never runs anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, expect

from adapters.application.results import StoreSettings
from domain.commands import SetPolicy
from tests.end_to_end.page_desk import PHONE, Service
from tests.hostile.builders import png
from tests.hostile.payloads import BAIT, PAYLOADS
from tests.hostile.phones import PHONES
from tests.hostile.polyglots import EXTENSIONS, Polyglot, polyglots

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IMAGES = "/v1/users/local/images"
FOLLOW = "address => { const link = document.getElementById('viewer-download'); link.href = address; link.click(); }"
WHAT_IS_OPEN = "() => [document.contentType, document.title, document.scripts.length]"
LEAST_IN_ALL = 200
MOST_OF_A_FORMAT = 4
"""Files of one format that the short form opens."""


class Stall(NamedTuple):
    """A page of a service that takes off what is foreign, and what was asked for with the bait in its address."""

    context: BrowserContext
    page: Page
    address: str
    taken: list[str]


@pytest_asyncio.fixture(loop_scope="session")
async def stall(browser: Browser, tmp_path: Path) -> AsyncIterator[Stall]:
    """As wide as a phone."""
    service = Service(tmp_path / "root", SetPolicy(daily=1_000), settings=StoreSettings(strip_foreign=True))
    address = await service.start()
    context = await browser.new_context(viewport=PHONE, has_touch=True)
    taken: list[str] = []

    def note(request: Request) -> None:
        if BAIT in request.url:
            taken.append(request.url)

    context.on("request", note)
    page = await context.new_page()
    await page.goto(address)
    yield Stall(context, page, address, taken)
    await context.close()
    await service.close()


async def test_no_download_runs_anything(stall: Stall, tmp_path: Path, thorough: bool) -> None:
    """Every polyglot that is kept, as it is or without what was foreign, opened from the disk and from the service.

    What is the same file as one before is not opened again. At last the bait is shown to be taken where a page runs.
    """
    folder = tmp_path / "downloads"
    folder.mkdir()
    everything = list(polyglots())
    assert len(everything) >= LEAST_IN_ALL
    opened = await stall.context.new_page()
    known: dict[str, str] = {}
    for made in everything if thorough else one_of_each_place(everything):
        image = await kept(stall, made)
        is_enough = not thorough and list(known.values()).count(made.format) == MOST_OF_A_FORMAT
        if image is None or image["sha256"] in known or is_enough:
            continue
        known[image["sha256"]] = made.format
        file = await downloaded(stall.page, image["url"], folder)
        assert file.suffix == f".{made.extension}", made.id
        for address in (file.as_uri(), f"{stall.address}{image['url']}"):
            await opened.goto(address)
            kind, title, scripts = await opened.evaluate(WHAT_IS_OPEN)
            assert kind.startswith("image/"), (made.id, kind)
            assert BAIT not in title, made.id
            assert not scripts, made.id
    assert set(known.values()) == set(EXTENSIONS)
    assert stall.taken == []
    (folder / "a.html").write_bytes(png() + PAYLOADS["html"])
    await opened.goto((folder / "a.html").as_uri())
    await opened.wait_for_function(f"document.title === '{BAIT}'")
    assert stall.taken


async def test_a_phones_photograph_is_downloaded_whole(stall: Stall) -> None:
    """By hand, from the gallery: the bytes that were saved, under a name with the extension of their format."""
    data = PHONES["motion_photo_with_gain_map"]()
    await stall.context.request.post(
        f"{stall.address}{IMAGES}?name=holidays/at sea", data=data, headers={"Content-Type": "image/jpeg"}
    )
    await stall.page.reload()
    await stall.page.locator(".tile").first.tap()
    link = stall.page.locator("#viewer-download")
    await expect(link).to_be_visible()
    async with stall.page.expect_download() as coming:
        await link.tap()
    download = await coming.value
    assert download.suggested_filename == "holidays-at sea.jpg"
    assert (await download.path()).read_bytes() == data


async def kept(stall: Stall, made: Polyglot) -> dict[str, str] | None:
    """The image as the service keeps it; None where it refuses it."""
    saved = await stall.context.request.post(
        f"{stall.address}{IMAGES}?name={made.id}.{made.extension}",
        data=made.data,
        headers={"Content-Type": "application/octet-stream"},
    )
    if saved.status == 201:
        image: dict[str, str] = (await saved.json())["image"]
        return image
    assert saved.status in {415, 422}, made.id
    return None


def one_of_each_place(everything: list[Polyglot]) -> list[Polyglot]:
    """The first payload, which is the page, and those that are kept as they are."""
    chosen = {(made.format, made.place): made for made in reversed(everything)}
    kept = [made for made in everything if not made.is_foreign and made.payload in {"js", "svg"}]
    return list(dict.fromkeys([*chosen.values(), *kept]))


async def downloaded(page: Page, url: str, folder: Path) -> Path:
    """The file that the page's link gives, under the name that the browser chose for it."""
    async with page.expect_download() as coming:
        await page.evaluate(FOLLOW, url)
    download = await coming.value
    file = folder / download.suggested_filename
    await download.save_as(file)
    return file
