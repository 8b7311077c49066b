"""`abby generate`: a picture from words, kept within the user's quota, and a copy of it where one is wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import operations
from adapters.cli.reach.operations import Made, MadePicture, Operations, PictureRequest
from adapters.cli.written import IN_THE_WAY, why_not_in
from adapters.disk.files import is_disk_full
from adapters.engines.choice import image_stores
from adapters.images.formats import EXTENSIONS, NAMED, PNG
from adapters.images.shaping import DamagedPicture, in_format
from adapters.ports.faults import StorageUnavailable, no_room_for
from adapters.ports.image_store import ImageStore
from adapters.wording.figures import in_mb
from domain.limits import megabytes
from domain.names import malformed_user

MAX_FREE_NAMES = 1_000
"""Names that are tried for a picture that is not kept and has no `--out`."""


def generate(invocation: Invocation, output: Output, user: str, request: PictureRequest, out: Path | None) -> int:
    """Makes a picture, keeps it, copies it to `out`. 1 where it was made and may not be kept."""
    if sentence := malformed_user(user) or _bad_target(out):
        return output.refused(malformed(sentence))
    config = invocation.set_up()
    if out is not None and (why := why_not_in(config.storage.storage_root, out)):
        return output.refused(malformed(why))
    images = image_stores(objects=config.objects)(config.storage.storage_root)
    with operations(config, may_begin=True) as ask:
        with output.waiting("The picture is being made..."):
            made = ask.generate(user, request)
        if isinstance(made, Refused):
            return output.refused(made)
        pictures = [_described(ask, user, picture, out, images) for picture in made.pictures]
    answer = _answer(user, made, pictures)
    bucket = None if config.objects is None else str(config.objects)
    output.answer(answer, lambda console: _print(console, answer, bucket))
    return Exit.DONE if all(picture.image for picture in made.pictures) else Exit.REFUSED


def _bad_target(out: Path | None) -> str | None:
    """Why a copy could not be written, asked before anything is made and counted."""
    if out is None:
        return None
    if str(out) == "-":
        return "--out - names no file, and a picture is not written to standard output. Name a file, such as x.png."
    if out.is_dir():
        return f"--out {out} is a folder. Name a file in it."
    if os.path.lexists(out):
        return IN_THE_WAY.format(f"--out {out}")
    if not out.absolute().parent.is_dir():
        return f"--out {out} lies in a folder that is not there. Make the folder first."
    if out.suffix and _format_named(out) is None:
        right = out.with_suffix(f".{EXTENSIONS[PNG]}")
        return (
            f"--out {out} names no format that a copy is written in: PNG, JPEG, WEBP or GIF. Name it {right} instead."
        )
    return None


def _format_named(out: Path) -> str | None:
    """The media type that the extension of a file promises, None where it has none or another."""
    return NAMED.get(out.suffix.removeprefix(".").lower())


def _described(
    ask: Operations, user: str, picture: MadePicture, out: Path | None, images: ImageStore
) -> Mapping[str, Any]:
    """One picture for programs, its copy written."""
    image, file = picture.image, None
    if image is not None:
        path = images.path(user, image["name"], temp=False)
        image = image | {"path": str(path) if path is not None and path.exists() else None}
    if out is not None or picture.image is None:
        file = _write_copy(ask, user, picture, out)
    return {"image": image, "seed": picture.seed, "not_kept": picture.not_kept, "file": file and str(file)}


def _write_copy(ask: Operations, user: str, picture: MadePicture, out: Path | None) -> Path:
    data = picture.data
    if data is None:
        assert picture.image is not None, "a picture that is not kept comes with its bytes"
        data = ask.image_bytes(user, picture.image["name"])
    target = out if out is not None else _free_name(picture.media_type)
    kept = f"the picture is kept as {picture.image['name']}" if picture.image else "the picture is lost"
    try:
        target.write_bytes(in_format(data, promised) if (promised := _format_named(target)) else data)
    except DamagedPicture as error:
        raise StorageUnavailable(f"The copy {target} cannot be made in that format; {kept}. Choose .png.") from error
    except OSError as error:
        if is_disk_full(error):
            folder = target.absolute().parent
            raise no_room_for(f"the copy {target}; {kept}", folder, "Choose another --out.") from error
        raise StorageUnavailable(
            f"The copy {target} cannot be written ({error.strerror or error}); {kept}. Choose another --out."
        ) from error
    return target


def _free_name(media_type: str) -> Path:
    """A picture that was made, counted and may not be kept is not thrown away: a new file in the current folder."""
    extension = EXTENSIONS.get(media_type, "png")
    names = (Path(f"abby-not-kept-{number}.{extension}") for number in count(1))
    for _, path in zip(range(MAX_FREE_NAMES), names, strict=False):
        if not path.exists():
            return path
    raise StorageUnavailable(
        "The current folder is full of pictures that were not kept. Move them away, or give --out."
    )


def _answer(user: str, made: Made, pictures: list[Mapping[str, Any]]) -> dict[str, Any]:
    about = {"provider": made.provider, "model": made.model, "seconds": made.seconds, "note": made.note}
    return {"user": user, "pictures": pictures, **about}


def _print(console: Console, answer: Mapping[str, Any], bucket: str | None) -> None:
    for picture in answer["pictures"]:
        image = picture["image"]
        if image is None:
            console.print(f"Made, but {picture['not_kept']}", style="yellow", markup=False)
        else:
            size = f"{image['width']}x{image['height']}, {in_mb(megabytes(image['size_bytes']))}"
            console.print(f"Made and kept as {image['name']} of {answer['user']} ({size}).", markup=False)
            if bucket is not None:
                console.print(f"It lies in {bucket}; --out FILE copies it.", markup=False, soft_wrap=True)
            elif image["path"] is not None:
                console.print(f"It lies at {image['path']}", markup=False, soft_wrap=True)
        if picture["seed"] is not None:
            console.print(
                f"Seed {picture['seed']}, made by {answer['provider']} in {answer['seconds']:.1f} s.", markup=False
            )
        if picture["file"] is not None:
            console.print(f"A copy is in {picture['file']}", markup=False, soft_wrap=True)
    if answer["note"]:
        console.print(answer["note"], markup=False)
