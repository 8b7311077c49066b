"""Takes a save in before the ledger is asked: what name and operation are meant, whether the bytes may be kept, where
they are staged.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from adapters.application.results import StoreSettings
from adapters.application.workers import Workers
from adapters.images.check import (
    CheckedImage,
    InvalidImage,
    Sender,
    check_image_async,
    contradiction,
    refuse_at_a_glance,
)
from adapters.images.foreign.judging import Stripped, without_foreign
from adapters.images.invalid_image import ImageProblem
from adapters.ports.faults import StorageUnavailable
from adapters.ports.image_store import ImageStore
from domain.commands import FreshName
from domain.names import malformed_name, malformed_user
from domain.view import View

KINDS = ("text_to_image", "image_to_image", "upscale")
"""The seeds' folders: one of these as a bare name asks for a fresh name in it."""

_UNCHECKED = CheckedImage("application/octet-stream", "bin", 0, 0, 0)


class Wanted(NamedTuple):
    """What a caller's name means: whose it is, the name or the folder of a fresh one, and the operation it implies."""

    user: str
    temp: bool
    name: str | None
    folder: str | None
    operation: str | None


def wanted(user: str, image_name: str | None, operation: str | None, *, temp: bool) -> Wanted:
    """No name asks for a fresh one; so does the bare name of a kind, in that folder."""
    if image_name is None:
        return Wanted(user, temp, None, None, operation)
    if image_name in KINDS:
        return Wanted(user, temp, None, image_name, operation or image_name)
    return Wanted(user, temp, image_name, None, operation)


def malformed_save(user: object, image_name: object) -> str | None:
    """Why a save cannot be looked at, as a sentence."""
    return malformed_user(user) or (None if image_name is None else malformed_name(image_name))


async def stripped(data: bytes, settings: StoreSettings, workers: Workers, sender: Sender) -> Stripped:
    """The bytes that are to be kept: as they are, or where it is set so, without what is no part of a picture. Of what
    an owner sends one at a time is looked at.
    """
    is_judged = settings.strips and isinstance(data, (bytes, bytearray, memoryview))
    if not is_judged or len(data) > settings.max_image_bytes:
        return Stripped(data, ())
    if sender.paid or sender.owner is None:
        return await workers.run(without_foreign, bytes(data))
    return await workers.run_in_turn(sender.owner, without_foreign, bytes(data))


async def check(data: bytes, image_name: str | None, settings: StoreSettings, sender: Sender) -> CheckedImage:
    """What the bytes are. Raises InvalidImage where they may not be kept, or contradict the extension of the name."""
    if not settings.check_images:
        return _UNCHECKED
    checked = await check_image_async(data, max_bytes=settings.max_image_bytes, sender=sender)
    sentence = contradiction(image_name, checked.media_type) if image_name else None
    if sentence:
        raise InvalidImage(ImageProblem.WRONG_EXTENSION, sentence)
    return checked


def refuse_by_its_beginning(given: bytes | bytearray | memoryview, settings: StoreSettings) -> bytes:
    """What was given, as bytes. Raises InvalidImage for what is refused without looking further than at a few."""
    if not isinstance(given, (bytes, bytearray, memoryview)):
        raise InvalidImage(ImageProblem.UNSUPPORTED, f"An image is bytes, and this is {type(given).__name__}.")
    data = bytes(given)
    if settings.check_images:
        refuse_at_a_glance(data, max_bytes=settings.max_image_bytes)
    elif len(data) > settings.max_image_bytes:
        raise InvalidImage(
            ImageProblem.TOO_LARGE,
            f"The file has {len(data):,} bytes. At most {settings.max_image_bytes:,} are allowed.",
        )
    return data


class Intake(NamedTuple):
    """A save that may be asked of the ledger: its name, whether that is untracked, the digest of its bytes."""

    name: str | FreshName
    untracked: bool
    sha256: str


def take_in(want: Wanted, data: bytes, extension: str, *, view: View, images: ImageStore) -> Intake:
    """Looks where the bytes of a save would lie. Raises StorageUnavailable for a path that cannot be used, OSError."""
    user, temp, digest = want.user, want.temp, sha256(data).hexdigest()
    if want.name is None:
        free = images.free_numbers(user, want.folder, extension, temp=temp, first=view.next_number(user, temp=temp))
        _refuse_bad_path(want, f"{want.folder or 'image'}/image.{extension}", images)
        fresh = FreshName(want.folder, extension, free.start, free.stop) if free else above_all(want, extension, images)
        return Intake(fresh, False, digest)
    _refuse_bad_path(want, want.name, images)
    return Intake(want.name, images.is_untracked(user, want.name, temp=temp, view=view), digest)


def above_all(want: Wanted, extension: str, images: ImageStore) -> FreshName:
    """A fresh name above all that is in its folder, for where a look at a few numbers found none. Raises OSError."""
    return FreshName(want.folder, extension, images.first_free_number(want.user, want.folder, temp=want.temp))


def _refuse_bad_path(want: Wanted, name: str, images: ImageStore) -> None:
    """Raises StorageUnavailable where the final path is too long or led elsewhere by a symbolic link."""
    if sentence := images.refuse_path(want.user, name, temp=want.temp):
        raise StorageUnavailable(sentence)
