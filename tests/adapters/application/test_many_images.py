"""What one user's save costs does not grow with what is in their folder, by the names that are read of it, nor a page
of their gallery or their history with all that they have; a search opens one file for each image.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from adapters.application import history
from adapters.application.deleting import delete_image
from adapters.application.exporting import plan_export
from adapters.application.finding_images import Order, Wanted, find_images
from adapters.application.galleries import NumberedPage, page_numbered
from adapters.application.keeping import refuse_unkeepable
from adapters.application.reading import image_names
from adapters.application.remembered import Remembered
from adapters.application.reserving import WantedPlaces
from adapters.application.results import DeletedImage, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import index
from adapters.imagestore.local.fresh_numbers import LOOKED_AT
from domain.commands import SetPolicy
from domain.usage import CurrentImage
from projections import image_index, image_lines
from tests.hostile.builders import png

FEW, MANY = 3, 2_000
MADE = {"prompt": "a cat"}


class CountingFiles(Files):
    """The file system, and how many names of folders, and how many bytes of files, were read."""

    def __init__(self) -> None:
        super().__init__()
        self.names_read = 0
        self.bytes_read = 0

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """Some bytes, counted."""
        found = super().read_at(fd, size, offset)
        self.bytes_read += len(found)
        return found

    def scan_directory(self, path: Path) -> list[str]:
        """All names, counted."""
        return self._counted(super().scan_directory(path))

    def sample_directory(self, path: Path, most: int) -> list[str]:
        """Some names, counted."""
        return self._counted(super().sample_directory(path, most))

    def _counted(self, names: list[str]) -> list[str]:
        self.names_read += len(names)
        return names


@pytest.fixture
def files() -> CountingFiles:
    """A disk that counts."""
    return CountingFiles()


@pytest.fixture
def store(tmp_path: Path, files: CountingFiles) -> Iterator[Storage]:
    """A storage on it, with room for many a day."""
    opened = open_store(tmp_path, limits=SetPolicy(daily=1_000), files=files)
    yield opened
    opened.close()


def fill(root: Path, number: int, *, folder: str = "upscale") -> None:
    """A user's folder and that of details with so many files."""
    for home in (root / "images/users/1" / folder, root / "images/users/1/.details" / folder):
        home.mkdir(parents=True, exist_ok=True)
        for other in range(number):
            (home / f"other_{other}.png").touch()


async def kept(store: Storage, name: str | None = "upscale") -> SavedImage:
    """One more image, in that folder."""
    saved = await save_image(store, NewImage("1", png(), name=name, details=MADE))
    assert isinstance(saved, SavedImage)
    return saved


async def a_life(store: Storage) -> None:
    """Asked for beforehand, saved under a fresh name and a chosen one, saved anew, deleted."""
    await refuse_unkeepable(store, WantedPlaces("1", operation="upscale"))
    saved = await kept(store)
    for _ in range(2):
        await kept(store, "upscale/chosen.png")
    assert isinstance(await delete_image(store, "1", saved.name), DeletedImage)


async def test_a_save_reads_no_more_names_where_there_are_many(
    tmp_path: Path, store: Storage, files: CountingFiles
) -> None:
    """Neither of the images nor of their details."""
    counts = []
    for number in (FEW, MANY):
        fill(tmp_path, number)
        files.names_read = 0
        await a_life(store)
        counts.append(files.names_read)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("taken", [1, LOOKED_AT - 1, LOOKED_AT, LOOKED_AT + 1])
async def test_a_fresh_name_passes_over_many_that_others_took(tmp_path: Path, store: Storage, taken: int) -> None:
    """They keep their files. What they took is passed over once: the log knows the next number from then on."""
    home = tmp_path / "images/users/1/upscale"
    home.mkdir(parents=True)
    for number in range(1, taken + 1):
        (home / f"image_{number}.png").write_bytes(b"somebody's own")
    foreign = sorted(home.iterdir())
    names = [(await kept(store)).name for _ in range(2)]
    assert names == [f"upscale/image_{taken + 1}.png", f"upscale/image_{taken + 2}.png"]
    assert {path.read_bytes() for path in foreign} == {b"somebody's own"}


async def test_more_saves_at_once_than_numbers_were_looked_at(tmp_path: Path, store: Storage) -> None:
    """Each number that is given was looked at by who gets it: a file among them is passed over, and stays."""
    home = tmp_path / "images/users/1/upscale"
    home.mkdir(parents=True)
    foreign = [home / f"image_{number}.png" for number in (2, LOOKED_AT + 3, 3 * LOOKED_AT)]
    for path in foreign:
        path.write_bytes(b"somebody's own")
    saved = await asyncio.gather(*(kept(store) for _ in range(4 * LOOKED_AT)))
    assert len({one.name for one in saved}) == 4 * LOOKED_AT
    assert all(one.path is not None and one.path.read_bytes() == png() for one in saved)
    assert {path.read_bytes() for path in foreign} == {b"somebody's own"}


ALL_DETAILS: Mapping[str, Callable[[Storage], int]] = {
    "a search": lambda store: find_images(store, "1", Wanted(words=("cat",)), limit=1).total,
    "an export": lambda store: plan_export(store, "1", 10_000_000).images,
}


@pytest.mark.parametrize("ask", ALL_DETAILS.values(), ids=ALL_DETAILS)
async def test_for_all_details_one_file_is_opened_for_each_image(
    store: Storage, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Storage], int]
) -> None:
    """And each folder on the way to them once, however many they are."""
    opened: list[object] = []
    real = os.open

    def noted(path: str | Path, *arguments: int, **words: int) -> int:
        opened.append(path)
        return real(path, *arguments, **words)

    counts: list[int] = []
    for number in (FEW, 10 * FEW):
        for _ in range(number):
            await kept(store)
        store.remembered = Remembered()
        opened.clear()
        with monkeypatch.context() as patch:
            patch.setattr(os, "open", noted)
            assert ask(store) == sum(counts, number)
        files_opened = [path for path in opened if str(path).endswith(".json")]
        assert len(files_opened) == len(set(files_opened)) == sum(counts, number)
        counts.append(number)
        folders_opened = len(opened) - len(files_opened)
        assert folders_opened <= len(Path("root/images/users/1/.details/upscale").parts)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of which images more than the name was looked at."""
    lines: list[str] = []
    real = image_lines.from_line

    def noted(line: str) -> CurrentImage:
        lines.append(line)
        return real(line)

    monkeypatch.setattr(image_index, "from_line", noted)
    return lines


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST])
async def test_a_page_looks_at_no_more_images_than_it_tells(store: Storage, looked_at: list[str], order: Order) -> None:
    """And at one more, to know whether there are any."""
    for _ in range(10 * FEW):
        await kept(store)
    looked_at.clear()
    page = find_images(store, "1", Wanted(order=order), limit=2)
    find_images(store, "1", Wanted(order=order), after=page.next_after, offset=1, limit=2)
    assert (page.total, len(looked_at)) == (10 * FEW, 2 * 3)


async def test_names_and_numbered_pages_look_at_no_more_images_than_they_tell(
    store: Storage, looked_at: list[str]
) -> None:
    """A page of a number that there is not is the last one."""
    names = [(await kept(store)).name for _ in range(10 * FEW)][::-1]
    looked_at.clear()
    assert image_names(store, "1") == names
    assert looked_at == []
    for number, expected in ((1, names[:7]), (2, names[7:14]), (5, names[28:]), (99, names[28:]), (0, names[:7])):
        page = page_numbered(store, "1", None, number=number, size=7)
        assert ([image.name for image in page.images], page.pages, page.total) == (expected, 5, 30)
        assert len(looked_at) == len(expected)
        looked_at.clear()


async def test_numbered_pages_of_one_operation(store: Storage) -> None:
    """Are cut out of what it made alone; one without an image is one page."""
    for operation in ("upscale", "text_to_image", "upscale"):
        await kept(store, operation)
    made = page_numbered(store, "1", "upscale", number=2, size=1)
    assert ([image.name for image in made.images], made.number, made.pages, made.total) == (
        ["upscale/image_1.png"],
        2,
        2,
        2,
    )
    assert page_numbered(store, "1", "image_to_image", number=3, size=1) == NumberedPage([], 1, 1, 0)


async def test_a_history_reads_no_more_of_the_log_than_it_tells(
    store: Storage, files: CountingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the settlement of one image, whatever came before it and after; once the log's index is made."""
    monkeypatch.setattr(index, "SCANNED_EVENTS", 0)
    monkeypatch.setattr(history, "HISTORY_EVENTS", 10)
    monkeypatch.setattr(history, "LOOKED_THROUGH", (4, 1_000))
    counts = []
    for number in (3 * FEW, 30 * FEW):
        saved = [await kept(store) for _ in range(number)]
        history.history_of(store, "1")
        for read in (
            lambda: history.history_of(store, "1"),
            lambda: history.settlement_of(store, "1", saved[number // 2].name),  # noqa: B023 - called at once
            lambda: find_images(store, "1", Wanted(), limit=2),
        ):
            files.bytes_read = 0
            assert read()
            counts.append(files.bytes_read)
    for few, many in zip(counts[:3], counts[3:], strict=True):
        assert 0 < many < 1.1 * few
