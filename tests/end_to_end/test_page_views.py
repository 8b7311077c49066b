"""Every view of the page fits a narrow phone, a picture has its own shape, and a word stands where one is missing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from adapters.application.reading import quota_status
from adapters.application.saving import NewImage, save_image
from adapters.generation.provider import GenerationRequest, GenerationResult, OnFraction, ignore_fraction
from adapters.generation.sketch.provider import SketchProvider
from adapters.ports.failures import GenerationFailure
from domain.commands import SetPolicy
from tests.end_to_end.page_desk import HURRIED, PROMPT, Service, make
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NARROW: ViewportSize = {"width": 320, "height": 640}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
LONGEST_USER = "m" * 64
ENDLESS = "Donaudampfschifffahrtsgesellschaft" * 8
OUTSIDE = """() => {
  const clipped = (e) => getComputedStyle(e).clipPath !== 'none' || getComputedStyle(e).opacity === '0';
  const right = (e) => e.getBoundingClientRect().right;
  const seen = (e) => e.getBoundingClientRect().width > 0 && !e.closest('svg, .skip') && !clipped(e);
  const told = (e) => `${e.tagName}#${e.id}.${e.className} ${Math.round(right(e))}`;
  const page = document.documentElement.scrollWidth;
  const found = page > innerWidth ? [`page ${page}`] : [];
  const boxes = 'body, .card, form, fieldset, .frame, .notice, .top, .grid, .size-card, .button, dialog[open]';
  for (const box of document.querySelectorAll(boxes)) {
    const edge = Math.min(innerWidth, right(box)) + 0.5;
    if (seen(box) && box.scrollWidth > box.clientWidth + 1) found.push(`${told(box)} scrolls ${box.scrollWidth}`);
    for (const e of box.querySelectorAll('*')) {
      const inside = '.tile, .out-of-sight, select, .bar, .scrolls';
      const cut = e.closest('dialog:not([open])') || e.parentElement.closest(inside);
      if (!cut && seen(e) && right(e) > edge) found.push(told(e));
    }
  }
  return found;
}"""
LINES_OF_EACH_PIECE = """title => [...title.childNodes].filter(n => n.nodeType === Node.TEXT_NODE).map(n => {
  const range = document.createRange(); range.selectNodeContents(n); return range.getClientRects().length; })"""
BROKEN = """() => [...document.images]
  .filter(i => i.checkVisibility({opacityProperty: true}) && i.complete && !i.naturalWidth).map(i => i.src)"""


class Held(SketchProvider):
    """The sketches behind a gate: `called` tells that one was asked for, and each waits until `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.called = asyncio.Event()
        self.open = asyncio.Event()

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """A sketch, once the gate is open."""
        self.calls += 1
        self.called.set()
        await self.open.wait()
        return await super().generate(request, on_fraction)


@pytest.fixture
def provider() -> Held:
    """The gate, open."""
    held = Held()
    held.open.set()
    return held


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, provider: Held) -> AsyncIterator[Service]:
    """A service with room for three pictures a day."""
    running = Service(tmp_path / "root", SetPolicy(daily=3), provider)
    yield running
    provider.open.set()
    await running.close()


async def opened(browser: Browser, address: str, viewport: ViewportSize = NARROW, script: str = "") -> Page:
    """The page by touch, its figures read."""
    context = await browser.new_context(viewport=viewport, has_touch=True, reduced_motion="reduce")
    page = await context.new_page()
    if script:
        await page.add_init_script(script)
    await page.goto(address)
    await expect(page.locator("#go-left")).to_contain_text("left today")
    return page


async def test_every_view_fits_a_phone_of_320_pixels(browser: Browser, service: Service, provider: Held) -> None:
    """Nothing scrolls sideways and nothing leaves its card, from the empty page to the service that is gone."""
    address = await service.start()
    views: dict[str, list[str]] = {}
    await save_image(service.store, NewImage(LONGEST_USER, png(96, 64), name=f"a_{ENDLESS[:40]}.png"))
    page = await opened(browser, f"{address}/?user={LONGEST_USER}")

    async def look(view: str) -> None:
        views[view] = await page.evaluate(OUTSIDE)

    await look("start")
    name = await page.locator("#who-name").bounding_box()
    assert name is not None
    assert name["width"] > 40  # who it is can be read, at least how it begins
    await page.get_by_text("More options").tap()
    await page.get_by_label("Seed").fill("x")
    await page.get_by_role("button", name="Make the picture").tap()
    await look("complaints")
    await page.get_by_label("Seed").fill("")
    provider.open.clear()
    await page.get_by_label("What should be in it?").fill(f"a cat {ENDLESS}")
    await page.get_by_role("button", name="Make the picture").tap()
    await expect(page.locator("#working")).to_be_visible()
    await look("working")
    provider.open.set()
    await expect(page.locator("#picture")).to_be_visible(timeout=20_000)
    await look("picture")
    await page.locator(".tile").first.tap()
    await expect(page.locator("#viewer-reuse")).to_be_visible()
    await look("viewer")
    await page.locator("#viewer-delete").tap()
    await look("question")
    await page.keyboard.press("Escape")
    await page.locator(".tile").last.tap()
    await look("viewer of an endless name")
    await page.keyboard.press("Escape")
    await page.locator("#who").tap()
    await page.get_by_label("User id").fill("No One")
    await page.get_by_role("button", name="Use it").tap()
    await look("chooser")
    await page.keyboard.press("Escape")
    await make(page, "a dog")
    await make(page, "a fox")
    await make(page, "one too many")
    await expect(page.locator("#refusal")).to_be_visible()
    await look("refusal")
    await service.stop()
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#outage")).to_be_visible(timeout=20_000)
    await look("outage")
    assert {view: found for view, found in views.items() if found} == {}
    assert len(views) == 10


async def test_a_reload_finds_the_picture_that_is_being_made(
    browser: Browser, service: Service, provider: Held
) -> None:
    """It is under way again, appears when it is done, and was made once; after that a reload asks for nothing."""
    page = await opened(browser, await service.start())
    provider.open.clear()
    await page.get_by_label("Style", exact=True).select_option("Anime")
    await page.get_by_label("What should be in it?").fill(PROMPT)
    await page.get_by_role("button", name="Make the picture").tap()
    await asyncio.wait_for(provider.called.wait(), 20)
    await page.reload()
    await expect(page.locator("#working")).to_be_visible()
    await expect(page.get_by_label("What should be in it?")).to_have_value(PROMPT)
    await expect(page.get_by_label("Style", exact=True)).to_have_value("anime")
    provider.open.set()
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=20_000)
    await expect(page.locator(".tile")).to_have_count(1)
    assert (provider.calls, quota_status(service.store, "local")["daily"]["used"]) == (1, 1)
    await page.reload()
    await expect(page.locator(".tile")).to_have_count(1)
    await expect(page.get_by_text("Your picture appears here.")).to_be_visible()
    assert provider.calls == 1


async def test_a_picture_that_is_made_elsewhere_appears_when_it_is_done(
    browser: Browser, service: Service, provider: Held
) -> None:
    """Another tab knows of no wish; while a place is held it looks again soon, and not after a minute."""
    address = await service.start()
    page = await opened(browser, address)
    provider.open.clear()
    await page.get_by_label("What should be in it?").fill(PROMPT)
    await page.get_by_role("button", name="Make the picture").tap()
    await asyncio.wait_for(provider.called.wait(), 20)
    other = await opened(browser, address, script=HURRIED)
    await expect(other.locator("#storage-hint")).to_contain_text("held")
    provider.open.set()
    await expect(other.locator(".tile")).to_have_count(1, timeout=10_000)  # a minute is 15 s there


async def test_what_was_answered_is_not_asked_for_again_by_a_reload(browser: Browser, tmp_path: Path) -> None:
    """A refusal is an answer: the next reload shows the page, and not the refusal once more."""
    service = Service(tmp_path / "none", SetPolicy(daily=0))
    page = await opened(browser, await service.start())
    try:
        await make(page)
        await expect(page.locator("#refusal")).to_be_visible()
        await page.reload()
        await expect(page.locator("#go-left")).to_contain_text("left today")
        await expect(page.locator("#refusal")).to_be_hidden()
        assert await page.evaluate("() => sessionStorage.length") == 0
    finally:
        await page.close()
        await service.close()


async def test_a_picture_has_no_bars_at_its_sides(browser: Browser, service: Service) -> None:
    """Its frame has its shape, also where it cannot be as wide as its column; the viewer has no other ground."""
    page = await opened(browser, await service.start(), DESKTOP)
    for size in ("Square", "Portrait", "Landscape"):
        await page.get_by_text(size).tap()
        await make(page)
        shape = await page.locator("#picture").evaluate("image => image.naturalWidth / image.naturalHeight")
        frame = await page.locator("#canvas").bounding_box()
        assert frame is not None
        assert frame["width"] / frame["height"] == pytest.approx(shape, rel=0.01)
        assert frame["height"] <= DESKTOP["height"] * 0.79
    await page.locator(".tile").first.tap()
    await expect(page.locator("#viewer-reuse")).to_be_visible()
    ground = await page.locator(".viewer-picture").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == "rgba(0, 0, 0, 0)"
    shown = await page.locator("#viewer-picture").bounding_box()
    assert shown is not None
    assert shown["width"] / shown["height"] == pytest.approx(shape, rel=0.01)


async def test_a_title_breaks_after_a_separator_and_never_in_a_word(browser: Browser, service: Service) -> None:
    """Each piece of the name stands on one line, on phones and on screens."""
    await save_image(
        service.store, NewImage("local", png(64, 64), name="holiday_pictures_of_the_northern_lighthouses.png")
    )
    page = await opened(browser, await service.start())
    await page.locator(".tile").first.tap()
    title = page.locator("#viewer-title")
    await expect(title).to_contain_text("lighthouses.png")
    for width in (320, 360, 768, 1280):
        await page.set_viewport_size({"width": width, "height": 700})
        assert set(await title.evaluate(LINES_OF_EACH_PIECE)) == {1}, width


async def test_a_picture_whose_file_is_gone_has_a_word_in_its_place(browser: Browser, service: Service) -> None:
    """In the frame, in the gallery and in the viewer; the rest of the page works on, and a file put back is shown."""
    page = await opened(browser, address := await service.start())
    images, aside = service.store.root / "images" / "users", service.store.root.parent / "aside"
    await make(page)
    await page.locator(".tile").first.scroll_into_view_if_needed()
    small = page.locator(".tile img").first
    await expect(small).not_to_have_js_property("naturalWidth", 0)  # else it is made meanwhile
    shutil.copytree(images, aside)
    shutil.rmtree(images)
    await page.context.close()
    page = await opened(browser, address)  # by a browser that has no small copies yet
    tile = page.locator(".tile").first
    await tile.scroll_into_view_if_needed()
    await expect(page.get_by_role("button", name="Picture missing")).to_be_visible()
    await tile.tap()
    await expect(page.get_by_role("dialog")).to_contain_text("The file of this picture is missing, or cannot be read.")
    await expect(page.locator("#viewer-download")).to_be_hidden()
    await expect(page.get_by_role("dialog")).to_contain_text("Made from text")
    assert await page.evaluate(BROKEN) == []
    await page.keyboard.press("Escape")
    shutil.copytree(aside, images)
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_role("button", name="Picture missing")).to_have_count(0)
    await page.route("**/images/text_to_image/*", lambda route: route.abort())
    await make(page, "a dog")
    await expect(page.locator("#frame")).to_contain_text("The file of this picture is missing, or cannot be read.")
    assert await page.evaluate(BROKEN) == []


async def test_the_page_says_what_a_sketch_is(browser: Browser, service: Service) -> None:
    """Before the first wish and with each picture; a word that is not known is said to be none."""
    page = await opened(browser, await service.start())
    await expect(page.locator("#sketches")).to_contain_text("offline sketches")
    await expect(page.locator("#sketches")).to_contain_text("A key for an image service brings real pictures")
    await make(page)
    await expect(page.locator("#caption-note")).to_contain_text("Of these words it draws “lighthouse”.")
    await make(page, "a stapler")
    await expect(page.locator("#caption-note")).to_contain_text("none of these, so it shows the style alone")
