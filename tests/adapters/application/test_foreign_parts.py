"""What an operator chose for files with something in them that is no part of a picture, through the ways of a save."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from abby_core.storage import StorageManager
from adapters.application.reading import image_bytes, quota_status
from adapters.application.results import SavedImage, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.bootstrap.storage import store_settings
from adapters.engines.opening import open_store
from adapters.images.check import ImageProblem, InvalidImage
from adapters.settings.config import load_config
from domain.commands import SetPolicy
from domain.refusals import Reason
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import jpeg, png
from tests.hostile.payloads import PAYLOADS
from tests.hostile.phones import PHONES

BEHIND = png() + PAYLOADS["zip"]
STRIP = StoreSettings(strip_foreign=True)


async def test_by_default_it_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    """No event, no file, no place of the day."""
    with closing(open_store(tmp_path)) as store:
        for data, kind in (
            (BEHIND, ImageProblem.TRAILING_BYTES),
            (jpeg(comment=PAYLOADS["php"]), ImageProblem.FOREIGN_PART),
        ):
            with pytest.raises(InvalidImage) as refusal:
                await save_image(store, NewImage("1", data))
            assert refusal.value.kind is kind
        assert quota_status(store, "1")["daily"]["used"] == 0
    assert not [path for path in (tmp_path / "images").rglob("*") if path.is_file()]


async def test_where_it_is_taken_off_the_rest_is_kept_and_told(tmp_path: Path) -> None:
    """Size and digest are those of what is kept; the same request again is answered with the same words."""
    with closing(open_store(tmp_path, settings=STRIP)) as store:
        for _ in range(2):
            saved = await save_image(store, NewImage("1", BEHIND, name="a.png"), idempotency_key="once")
            assert isinstance(saved, SavedImage)
            assert saved.taken_off == ("an archive behind it",)
            assert (saved.size_bytes, saved.sha256) == (len(png()), hashlib.sha256(png()).hexdigest())
        assert image_bytes(store, "1", "a.png") == png()


async def test_limits_are_asked_for_what_is_left(tmp_path: Path) -> None:
    """What fits once something was taken off is kept; a byte less room refuses it, with the size that is left."""
    for index, room_bytes in enumerate((len(png()), len(png()) - 1)):
        limits = SetPolicy(user_bytes=room_bytes, gen_bytes=1)
        with closing(open_store(tmp_path / str(index), limits=limits, settings=STRIP)) as store:
            saved = await save_image(store, NewImage("1", BEHIND))
            if isinstance(saved, SavedImage):
                assert (saved.size_bytes, room_bytes) == (len(png()), len(png()))
            else:
                assert (saved.reason, room_bytes) == (Reason.USER_STORAGE, len(png()) - 1)
                assert len(png()) in events_of(tmp_path / str(index))[-1]["data"]["asked"].values()


async def test_what_is_whole_is_kept_as_it_came_where_things_are_taken_off(tmp_path: Path) -> None:
    """A phone's photograph, byte for byte; what is no picture is still refused, and so is what is too large."""
    data = PHONES["samsung_motion_photo"]()
    with closing(open_store(tmp_path, settings=STRIP._replace(max_image_bytes=len(data)))) as store:
        saved = await save_image(store, NewImage("1", data, name="a.jpg"))
        assert isinstance(saved, SavedImage)
        assert saved.taken_off == ()
        assert image_bytes(store, "1", "a.jpg") == data
        for refused in (PAYLOADS["html"] + png(), data + b"\1", BEHIND[:30]):
            with pytest.raises(InvalidImage):
                await save_image(store, NewImage("1", refused))


def test_programs_are_told_in_the_message(tmp_path: Path) -> None:
    """The library refuses, as every way does unless it is set otherwise."""
    with StorageManager(tmp_path) as storage:
        ok, message, _ = storage.save_image_sync(jpeg(comment=PAYLOADS["html"]), "1")
    assert not ok
    assert "The JPEG holds a web page in its comment" in message


def test_the_setting_reaches_the_storage(tmp_path: Path) -> None:
    """FOREIGN_PARTS, in any case."""
    none = tmp_path / "none.env"
    assert not store_settings(load_config({}, none)).strip_foreign
    assert store_settings(load_config({"FOREIGN_PARTS": "Strip"}, none)).strip_foreign
