"""`StorageManager` by the seeds' calls: what each returns, in which words, and what stands on the disk after it."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from freezegun import freeze_time

from adapters.application.quota_figures import GlobalUsage, QuotaStatus
from adapters.library.quota_manager import QuotaExceeded, QuotaManager
from adapters.library.storage_manager import StorageManager
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of
from tests.adapters.cli.processes import SCHEMAS
from tests.hostile.builders import gif, jpeg, png, png_of_size, webp

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageManager]:
    """A manager with the usual limits and more generations than a test makes."""
    with StorageManager(tmp_path, max_user_daily_gens=100) as manager:
        yield manager


def test_a_manager_without_arguments_works_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes `shared` where the program was started, with the limits of the documents."""
    monkeypatch.chdir(tmp_path)
    with StorageManager() as storage:
        ok, message, path = asyncio.run(storage.save_image(png(), "999"))
        assert (ok, message) == (True, "Saved as image_1.png (69 bytes).")
        assert path == tmp_path / "shared/images/users/999/image_1.png"
        status = storage.get_quota_status("999")
        assert (status["user"]["limit_mb"], status["global"]["total_mb"], status["daily"]["limit"]) == (500, 5000, 5)
    assert_disk_and_log_agree(tmp_path / "shared")
    (policy,) = events_of(tmp_path / "shared", "PolicyChanged")
    assert policy["data"]["source"] == "default"


@pytest.mark.parametrize("sample", ["phone.jpg", "iphone.jpg", "camera.jpg", "drawing.png"])
async def test_real_pictures_are_kept_as_they_are(storage: StorageManager, tmp_path: Path, sample: str) -> None:
    """Byte by byte, with what a phone writes behind them."""
    data = (SAMPLES / sample).read_bytes()
    ok, message, path = await storage.save_image(data, "1", sample)
    assert ok, message
    assert path == tmp_path / "images/users/1" / sample
    assert path.read_bytes() == data
    assert_disk_and_log_agree(tmp_path)


async def test_names_count_on_and_never_overwrite(storage: StorageManager, tmp_path: Path) -> None:
    """Without a name a fresh one of the right ending; in the folder of a kind where its bare name is given."""
    saved = [
        await storage.save_image(png(), "1"),
        await storage.save_image(jpeg(), "1"),
        await storage.save_image(webp(), "1", "text_to_image"),
        await storage.save_image(gif(1), "1", "upscale"),
        await storage.save_image(png(), "1"),
    ]
    names = [path.relative_to(tmp_path / "images/users/1").as_posix() for _, _, path in saved if path]
    assert names == ["image_1.png", "image_2.jpg", "text_to_image/image_3.webp", "upscale/image_4.gif", "image_5.png"]
    assert storage.get_user_images("1") == names[::-1]
    storage.delete_image("1", "image_5.png")
    _, _, path = await storage.save_image(png(), "1")
    assert path is not None
    assert path.name == "image_6.png"
    operations = [event["data"]["operation"] for event in events_of(tmp_path, "ImageSaved")]
    assert operations == ["unspecified", "unspecified", "text_to_image", "upscale", "unspecified", "unspecified"]


async def test_a_fresh_name_passes_over_files_that_the_log_does_not_know(
    storage: StorageManager, tmp_path: Path
) -> None:
    """Whoever put them there keeps them. Another name is in nobody's way."""
    home = tmp_path / "images/users/1"
    (home / "image_2.png").mkdir(parents=True)
    (home / "image_1.png").write_bytes(b"somebody's own")
    (home / "image_3.jpg").write_bytes(b"of another name")
    _, _, path = await storage.save_image(png(), "1")
    assert path == home / "image_3.png"
    assert (home / "image_1.png").read_bytes() == b"somebody's own"
    assert (home / "image_2.png").is_dir()
    assert (home / "image_3.jpg").read_bytes() == b"of another name"


async def test_an_image_is_overwritten_under_its_name(storage: StorageManager, tmp_path: Path) -> None:
    """The bytes are the new ones, and only the difference is charged."""
    await storage.save_image(png_of_size(MEGABYTE), "1", "a.png")
    ok, _, path = await storage.save_image(png_of_size(2 * MEGABYTE), "1", "a.png")
    assert ok
    assert path is not None
    assert path.stat().st_size == 2 * MEGABYTE
    status = storage.get_quota_status("1")
    assert (status["user"]["used_mb"], status["user"]["images"], status["daily"]["used"]) == (2.0, 1, 2)
    assert_disk_and_log_agree(tmp_path)


async def test_deleting_frees_and_says_how_much(storage: StorageManager, tmp_path: Path) -> None:
    """The file, its folder and its bytes are gone; deleting again says so, and where to look."""
    await storage.save_image(png_of_size(MEGABYTE), "1", "k/a.png")
    assert storage.delete_image("1", "K/A.png") == (True, "Deleted k/a.png (1.0 MB freed).")
    assert not (tmp_path / "images/users/1/k").exists()
    assert storage.get_image_path("1", "k/a.png") is None
    assert storage.get_quota_status("1")["user"]["used_mb"] == 0
    ok, message = storage.delete_image("1", "k/a.png")
    assert (ok, message.startswith("Error deleting image: Image not found: k/a.png.")) == (False, True)


async def test_paths_are_those_of_standing_images(storage: StorageManager, tmp_path: Path) -> None:
    """In any spelling of the name; nothing for what does not stand, is a temp file or has no possible name."""
    await storage.save_image(png(), "1", "Cat.png")
    await storage.save_image(png(), "1", "t.png", is_temp=True)
    assert storage.get_image_path("1", "cat.PNG") == tmp_path / "images/users/1/Cat.png"
    assert [
        storage.get_image_path(*asked) for asked in (("2", "Cat.png"), ("1", "t.png"), ("1", "../x"), ("", "a"))
    ] == ([None] * 4)
    assert [storage.get_user_images(user) for user in ("1", "2", "..")] == [["Cat.png"], [], []]


async def test_temp_files_count_no_generation_and_go_by_their_age_in_the_log(
    storage: StorageManager, tmp_path: Path
) -> None:
    """What a file's own time says does not matter; kept images are never cleaned up."""
    with freeze_time("2099-01-01T00:00:00Z", real_asyncio=True) as clock:
        ok, _, path = await storage.save_image(png_of_size(MEGABYTE), "1", "t.png", is_temp=True)
        assert (ok, path) == (True, tmp_path / "temp/1/t.png")
        await storage.save_image(png(), "1", "kept.png")
        status = storage.get_quota_status("1")
        assert (status["daily"]["used"], status["user"]["used_mb"], status["global"]["used_mb"]) == (1, 0.0, 1.0)
        clock.move_to("2099-01-07T23:59:59.999999Z")
        await storage.save_image(png(), "1", "new.png", is_temp=True)
        assert storage.cleanup_old_files() == (0, 0.0)
        clock.move_to("2099-01-08T00:00:00Z")
        assert storage.cleanup_old_files() == (1, 1.0)
        assert storage.cleanup_old_files(days=0) == (1, 0.0)
    assert files_of(tmp_path) == {tmp_path / "images/users/1/kept.png"}
    assert_disk_and_log_agree(tmp_path)


@pytest.mark.parametrize("days", [-1, 1.5, True, "7", 10**9])
def test_an_impossible_age_is_a_value_error(storage: StorageManager, days: object) -> None:
    """A cleanup of minus one day would be a cleanup of everything."""
    with pytest.raises(ValueError, match="whole number"):
        storage.cleanup_old_files(days)  # type: ignore[arg-type]  # what a careless caller hands in


async def test_the_status_has_exactly_the_promised_shape(storage: StorageManager, tmp_path: Path) -> None:
    """Every member of the dictionary, with its type; the user whom nobody knows has one too."""
    await storage.save_image(png_of_size(3 * MEGABYTE // 2), "1")
    await storage.reserve("1", 2)
    with freeze_time("2099-05-06T22:30:00Z", real_asyncio=True):
        status = storage.get_quota_status("1")
    assert status == {
        "global": {
            "used_mb": 1.5, "reserved_mb": 3.0, "total_mb": 5000.0, "remaining_mb": 4995.5, "percentage": 0.0,
            "status": "OK",
        },
        "user": {
            "used_mb": 1.5, "reserved_mb": 3.0, "limit_mb": 500.0, "remaining_mb": 495.5, "percentage": 0.3,
            "status": "OK", "images": 1,
        },
        "daily": {
            "allowed": True, "used": 0, "remaining": 100, "limit": 100, "reset_hours": 2,
            "resets_at": "2099-05-07T00:00:00.000000Z",
        },
        "storage": {"used_mb": 1.5, "limit_mb": 500.0, "allowed": True},
        "global_storage": {"used_mb": 1.5, "limit_mb": 5000.0, "allowed": True},
        "limits": {"storage": "everybody", "daily": "everybody", "until": None},
        "windows": [],
        "grants": [],
        "reached": [],
        "sources": [
            {"limit": limit, "whose": "everybody", "tiers": []}
            for limit in ("user/day/generations", "user/storage", "pool/storage")
        ],
        "tiers": [],
        "position": events_of(tmp_path)[-1]["pos"],
    }  # fmt: skip
    assert storage.get_quota_status("nobody")["user"]["images"] == 0
    usage = dict(storage.get_global_usage())
    assert usage.pop("disk_free_mb") != 0
    assert usage == status["global"]


async def test_each_limit_refuses_in_the_words_of_the_documents(tmp_path: Path) -> None:
    """They come first and alone, then how much, then what to do; and nothing is kept."""
    limits = {"max_global_storage_mb": 3, "max_user_storage_mb": 2, "max_user_daily_gens": 3}
    with StorageManager(tmp_path, **limits) as storage:  # type: ignore[arg-type]  # the keywords are right, mypy sees one type
        data = png_of_size(3 * MEGABYTE // 2)
        assert (await storage.save_image(data, "1"))[0]
        ok, message, path = await storage.save_image(data, "1")
        assert (ok, path) == (False, None)
        assert message == (
            "Your storage quota is full: 1.5 MB of 2.0 MB are used, and this needs 1.5 MB more. "
            "Delete images to make room."
        )
        assert (await storage.save_image(png(), "2", "t.png", is_temp=True))[0]
        _, message, _ = await storage.save_image(data, "2")
        assert message.startswith("Server storage is full: 1.5 MB of 3.0 MB are used, and this needs 1.5 MB more.")
        for _ in range(2):
            assert (await storage.save_image(png(), "1"))[0]
        _, message, _ = await storage.save_image(png(), "1")
        assert message.startswith("Daily limit reached: 3 of 3 generations are used today. The count starts anew at 20")
        assert message.endswith("00:00 UTC.")
    assert_disk_and_log_agree(tmp_path)
    refusals = [event["data"]["reason"] for event in events_of(tmp_path, "RequestRefused")]
    assert refusals == ["USER_STORAGE", "POOL_STORAGE", "DAILY_LIMIT"]


async def test_a_reserved_place_is_settled_by_its_image(storage: StorageManager) -> None:
    """It is charged once, when it is reserved; what is not used is given back."""
    ok, message, held = await storage.reserve("1", 2, operation="text_to_image")
    assert (ok, message.startswith("Reserved 2 until ")) == (True, True)
    assert held is not None
    assert storage.get_quota_status("1")["daily"]["used"] == 2
    assert (await storage.save_image(png(), "1", reservation=held))[0]
    assert storage.get_quota_status("1")["daily"]["used"] == 2
    assert await storage.release(held, reason="failed") == (True, "Released.")
    assert storage.get_quota_status("1")["daily"]["used"] == 1
    assert storage.get_quota_status("1")["user"]["reserved_mb"] == 0
    ok, message = await storage.release(held)
    assert (ok, message.startswith("Error releasing: This reservation is not open")) == (False, True)
    ok, message, _ = await storage.save_image(png(), "1", reservation=held.reservation)
    assert (ok, message.startswith("Error saving image: This reservation is not open")) == (False, True)


async def test_another_users_place_cannot_be_used(storage: StorageManager, tmp_path: Path) -> None:
    """Nor released; and the refused image is not left anywhere."""
    _, _, held = await storage.reserve("1")
    assert held is not None
    assert not (await storage.save_image(png(), "2", reservation=held))[0]
    assert not (await storage.release(held._replace(user="2")))[0]
    assert storage.get_quota_status("1")["user"]["reserved_mb"] == 1.5
    assert files_of(tmp_path) == set()


def test_an_operator_gives_a_user_limits_of_their_own(storage: StorageManager) -> None:
    """Replaced whole, taken away by giving none, over at their end."""
    with freeze_time("2099-01-01T12:00:00Z", real_asyncio=True) as clock:
        assert storage.override_limits("1", max_user_daily_gens=1, max_user_storage_mb=0.5) == (
            True, "The limits of 1 are set.",
        )  # fmt: skip
        status = storage.get_quota_status("1")
        assert (status["daily"]["limit"], status["user"]["limit_mb"]) == (1, 0.5)
        storage.override_limits("1", max_user_daily_gens=2, until="2099-01-01T13:00:00.000000Z")
        status = storage.get_quota_status("1")
        assert (status["daily"]["limit"], status["user"]["limit_mb"]) == (2, 500.0)
        clock.move_to("2099-01-01T13:00:00Z")
        assert storage.get_quota_status("1")["daily"]["limit"] == 100
        storage.override_limits("1", max_user_daily_gens=0)
        storage.override_limits("1")
        assert storage.get_quota_status("1")["daily"]["limit"] == 100
        ok, message = storage.override_limits("1", max_user_daily_gens=2, until="tomorrow")
        assert (ok, "a time such as" in message) == (False, True)


@pytest.mark.parametrize(
    "days", [-3, -1, True, False, 2.5, -0.0, float("nan"), float("inf"), "7", None, 36_501, 10**30, 10**5000, []],
    ids=lambda days: "huge" if isinstance(days, int) and days > MEGABYTE else repr(days),
)  # fmt: skip
def test_an_impossible_cleanup_age_is_refused_at_once(tmp_path: Path, days: object) -> None:
    """Before anything is made, not when the first cleanup comes; the least and the most days are days."""
    with pytest.raises(ValueError, match="cleanup_days is a whole number of days from 0 to 36500"):
        StorageManager(tmp_path / "new", cleanup_days=days)  # type: ignore[arg-type]  # what a careless caller hands in
    assert not (tmp_path / "new").exists()
    for possible in (0, 36_500):
        StorageManager(tmp_path / "made", cleanup_days=possible).close()


ODD_NUMBERS = [-1, True, False, 2.5, float("nan"), float("inf"), "3", 10**30, 10**5000, []]


@pytest.mark.parametrize("odd", ODD_NUMBERS, ids=lambda odd: "huge" if isinstance(odd, int) and odd > 1 else repr(odd))
async def test_every_number_is_a_number_or_refused(storage: StorageManager, odd: Any) -> None:
    """A refusal with a sentence, or ValueError for what an operator sets; never another exception, never a change."""
    _, _, held = await storage.reserve("1", 2)
    assert held is not None
    before = storage.get_quota_status("1")
    assert not (await storage.reserve("1", odd))[0]
    assert not (await storage.release(held, count=odd))[0]
    assert not storage.override_limits("1", max_user_daily_gens=1, until=odd)[0]
    for name in ("max_global_storage_mb", "max_user_storage_mb", "max_user_daily_gens"):
        if odd == 2.5 and name != "max_user_daily_gens":
            continue
        with pytest.raises(ValueError, match=name):
            StorageManager(storage.storage_root, **{name: odd})
        if name != "max_global_storage_mb":
            with pytest.raises(ValueError, match=name):
                storage.override_limits("1", **{name: odd})
    assert storage.get_quota_status("1") | {"daily": before["daily"]} == before


def test_impossible_limits_are_value_errors(tmp_path: Path) -> None:
    """They name the argument; nothing is made."""
    for argument, value in (
        ("max_global_storage_mb", -1), ("max_user_storage_mb", "500"), ("max_user_daily_gens", 2.5),
        ("max_user_daily_gens", True), ("max_user_storage_mb", float("nan")), ("max_user_storage_mb", float("inf")),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=argument):
            StorageManager(tmp_path / "new", **{argument: value})  # type: ignore[arg-type]  # what a careless caller hands in
    assert not (tmp_path / "new").exists()


async def test_the_quota_manager_answers_and_raises(storage: StorageManager) -> None:
    """The read side has the same figures; `check` raises what a limit says, with its figures."""
    quota = storage.quota
    assert isinstance(quota, QuotaManager)
    assert quota.get_quota_status("1") == storage.get_quota_status("1")
    quota.check("1")
    storage.override_limits("1", max_user_daily_gens=1)
    await storage.save_image(png(), "1")
    with pytest.raises(QuotaExceeded, match="Daily limit reached") as raised:
        quota.check("1")
    assert (raised.value.reason, raised.value.used, raised.value.limit) == ("DAILY_LIMIT", 1, 1)
    assert raised.value.resets_at == storage.get_quota_status("1")["daily"]["resets_at"]
    storage.override_limits("1", max_user_storage_mb=1)
    with pytest.raises(QuotaExceeded, match="Your storage quota is full") as raised:
        quota.check("1")
    assert (raised.value.reason, raised.value.limit) == ("USER_STORAGE", 1.0)


async def test_other_data_is_kept_where_images_are_not_asked_for(tmp_path: Path) -> None:
    """`check_images=False` stores what it is given, up to the largest size."""
    with StorageManager(tmp_path, check_images=False) as storage:
        ok, _, path = await storage.save_image(b"no picture", "1", "notes.txt")
        assert ok
        assert path is not None
        assert path.read_bytes() == b"no picture"
        assert (await storage.save_image(b"no picture", "1"))[2] == tmp_path / "images/users/1/image_1.bin"
        ok, message, _ = await storage.save_image(bytes(20 * MEGABYTE + 1), "1")
        assert (ok, message.startswith("Error saving image: The file has 20,971,521 bytes.")) == (False, True)


@pytest.mark.parametrize("is_temp", [False, True])
async def test_an_extension_of_something_else_is_refused(
    storage: StorageManager, tmp_path: Path, *, is_temp: bool
) -> None:
    """With the name that is right, and nothing is left; every extension of the format will do, and so will none."""
    for name in ("a.exe", "a.html", "a.svg", "a.jpg", "k/a.TIF", "a.b"):
        ok, message, path = await storage.save_image(png(), "1", name, is_temp)
        assert (ok, path) == (False, None)
        assert message.startswith("Error saving image: The picture is a PNG, but its name ends in .")
        assert message.endswith("Name it a.png instead.")
    assert files_of(tmp_path) == set()
    assert not events_of(tmp_path, "ImageSaved")
    for data, name in ((png(), "a.PNG"), (jpeg(), "a.jpe"), (jpeg(), "b.JPEG"), (jpeg(), "c.jfif"), (gif(1), "d")):
        assert (await storage.save_image(data, "1", name, is_temp))[0]


def test_saving_without_an_event_loop(storage: StorageManager, tmp_path: Path) -> None:
    """The same arguments and answers as `save_image`, from any thread."""
    ok, message, path = storage.save_image_sync(png(), "1", "a.png")
    assert (ok, message, path) == (True, "Saved as a.png (69 bytes).", tmp_path / "images/users/1/a.png")
    assert storage.save_image_sync(b"no picture", "1") == asyncio.run(storage.save_image(b"no picture", "1"))
    assert storage.save_image_sync(png(), "1", is_temp=True, request="key")[0]
    _, _, held = asyncio.run(storage.reserve("1"))
    assert storage.save_image_sync(png(), "1", reservation=held, operation="upscale")[0]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: storage.save_image_sync(png(), "2", f"{number}.png"), range(16)))
    assert all(ok for ok, _, _ in answers)
    assert len(storage.get_user_images("2")) == 16
    assert_disk_and_log_agree(tmp_path)


async def test_saving_synchronously_inside_a_coroutine(storage: StorageManager, tmp_path: Path) -> None:
    """The loop waits meanwhile, and saves of its own that are under way are done when it goes on."""
    under_way = asyncio.ensure_future(storage.save_image(png(), "1", "a.png"))
    await asyncio.sleep(0)
    assert storage.save_image_sync(png(), "1", "b.png")[0]
    assert (await under_way)[0]
    assert sorted(storage.get_user_images("1")) == ["a.png", "b.png"]
    assert_disk_and_log_agree(tmp_path)


def test_saving_synchronously_has_the_same_signature() -> None:
    """One of the two is only the other."""
    both = (inspect.signature(call).parameters for call in (StorageManager.save_image, StorageManager.save_image_sync))
    first, second = both
    assert first == second


@pytest.mark.parametrize(("shape", "schema"), [(QuotaStatus, "status"), (GlobalUsage, "users")])
def test_the_shapes_for_type_checkers_are_those_of_the_schemas(shape: Any, schema: str) -> None:
    """Each member, and those of each part; what is given at run time is held to the schemas elsewhere."""
    described = json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))["properties"]
    parts = described if shape is QuotaStatus else {"global": described["global"]}
    members = get_type_hints(shape)
    if shape is GlobalUsage:
        assert set(members) == set(parts["global"]["properties"])
        return
    assert set(members) == set(parts)
    for name, part in parts.items():
        if "properties" in part:
            assert set(get_type_hints(members[name])) == set(part["properties"])


async def test_a_name_of_before_can_be_read_and_deleted(tmp_path: Path) -> None:
    """What stands in the log keeps its name, whatever it ends in."""
    with StorageManager(tmp_path, check_images=False) as storage:
        assert (await storage.save_image(png(), "1", "a.exe"))[0]
    with StorageManager(tmp_path) as storage:
        assert storage.get_user_images("1") == ["a.exe"]
        path = storage.get_image_path("1", "a.exe")
        assert path is not None
        assert path.read_bytes() == png()
        assert not (await storage.save_image(png(), "1", "a.exe"))[0]
        assert storage.delete_image("1", "a.exe")[0]
    assert_disk_and_log_agree(tmp_path)


@pytest.mark.parametrize("data", [bytearray(png()), memoryview(png())], ids=["bytearray", "memoryview"])
async def test_any_bytes_are_bytes(storage: StorageManager, tmp_path: Path, data: bytes) -> None:
    """A buffer is kept as the bytes that it held."""
    assert (await storage.save_image(data, "1"))[0]
    assert_disk_and_log_agree(tmp_path)


@pytest.mark.parametrize("data", ["text", None, 5, [1, 2]])
async def test_what_is_no_bytes_is_refused(storage: StorageManager, tmp_path: Path, data: bytes) -> None:
    """In words that name its type."""
    ok, message, _ = await storage.save_image(data, "1")
    assert (ok, type(data).__name__ in message) == (False, True)
    assert files_of(tmp_path) == set()


@pytest.mark.parametrize(
    "odd",
    [
        {"operation": "adopted"},
        {"operation": 5},
        {"request": ""},
        {"request": "k" * 321},
        {"request": 5},
        {"request": "line\nbreak"},
        {"reservation": "nothing"},
        {"reservation": "nothing", "is_temp": True},
    ],
    ids=str,
)
async def test_odd_arguments_are_refused_and_leave_nothing(
    storage: StorageManager, tmp_path: Path, odd: dict[str, object]
) -> None:
    """An answer with a sentence, or the exception of a programming error; no event, no file, nothing staged."""
    before = len(events_of(tmp_path))
    try:
        ok, message, path = await storage.save_image(png(), "1", **odd)  # type: ignore[arg-type]  # odd on purpose
    except TypeError:
        pass
    else:
        assert (ok, path) == (False, None)
        assert message.startswith("Error saving image: ")
    assert files_of(tmp_path) == set()
    assert len(events_of(tmp_path)) == before
