"""Many images as one zip over HTTP: whole, under safe names, and never more of them at once than there is room for."""

from __future__ import annotations

import asyncio
import io
import shutil
import zipfile
from pathlib import Path

import aiohttp
import orjson
import pytest

from adapters.application.reading import image_path
from adapters.http.connection import ConnectionBounds
from adapters.http.routes import archives
from domain.commands import SetPolicy
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.wire import Wire, request
from tests.hostile.builders import jpeg, png, png_of_size

ARCHIVES = "/v1/users/1/images/archives"


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A service with room for a few images."""
    running: Running = await serve(SetPolicy(daily=100))
    return running


async def archive(service: Running, *names: str) -> bytes:
    """The zip of these images."""
    asked = {"names": list(names)}
    async with aiohttp.request("POST", service.address + ARCHIVES, json=asked) as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip")
        return await answer.read()


async def test_a_zip_has_each_image_as_it_was_kept(service: Running, tmp_path: Path) -> None:
    """Under its own name, in its folder, with the extension that it lacks; named twice it comes once. Other programs
    read it.
    """
    kept = {"b.png": png(40, 40), "k/a.png": png_of_size(700_000), "plain": jpeg(), "v1.2": png()}
    for name, data in kept.items():
        assert (await service.upload("1", data, name)).status == (422 if name == "v1.2" else 201)
    data = await archive(service, "b.png", "k/A.png", "plain", "B.PNG")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == {
            "b.png": kept["b.png"],
            "k/a.png": kept["k/a.png"],
            "plain.jpg": kept["plain"],
        }
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert opened.infolist()[0].date_time[0] >= 2026
    (tmp_path / "images.zip").write_bytes(data)
    if unzip := shutil.which("unzip"):
        tried = await asyncio.create_subprocess_exec(unzip, "-tq", "images.zip", cwd=tmp_path)
        assert await tried.wait() == 0


async def test_a_name_that_would_be_anothers_stays_as_it_is(service: Running) -> None:
    """Both come along."""
    await service.upload("1", png(), "cat")
    await service.upload("1", png(2, 2), "Cat.png")
    for names in (("cat", "cat.png"), ("cat.png", "cat")):
        with zipfile.ZipFile(io.BytesIO(await archive(service, *names))) as opened:
            assert {name: opened.read(name) for name in opened.namelist()} == {"cat": png(), "Cat.png": png(2, 2)}


async def test_what_is_not_there_is_named_inside_and_stops_no_other(service: Running) -> None:
    """Never there, gone by hand, with other bytes than were kept."""
    for name in ("a.png", "gone.png", "changed.png"):
        await service.upload("1", png(30, 30), name)
    gone, changed = image_path(service.store, "1", "gone.png"), image_path(service.store, "1", "changed.png")
    assert gone is not None
    assert changed is not None
    gone.unlink()
    changed.write_bytes(png(30, 30)[:-1] + b"x")
    with zipfile.ZipFile(io.BytesIO(await archive(service, "no.png", "gone.png", "changed.png", "a.png"))) as opened:
        assert opened.namelist() == ["a.png", archives.LEFT_OUT]
        told = opened.read(archives.LEFT_OUT).decode().splitlines()
    assert [line.partition(":")[0] for line in told] == ["no.png", "gone.png", "changed.png"]
    with zipfile.ZipFile(io.BytesIO(await archive(service, "no.png"))) as opened:
        assert opened.namelist() == [archives.LEFT_OUT]


async def test_so_many_are_sent_at_once_and_a_client_that_is_gone_or_slow_makes_room(serve: Serve) -> None:
    """503 with Retry-After beyond that; who does not read is dropped, and others are answered meanwhile."""
    service: Running = await serve(SetPolicy(daily=100), bounds=ConnectionBounds(reader_seconds=1.0))
    for number in range(4):
        await service.upload("1", png_of_size(5_000_000 + number), f"{number}.png")
    body = orjson.dumps({"names": [f"{number}.png" for number in range(4)]})
    typed = {"Content-Type": JSON}
    asked = request("POST", ARCHIVES, headers=typed, body=body)
    silent = [await Wire.open(service.address) for _ in range(archives.MOST_OF_ONE)]
    for wire in silent:
        await wire.send(asked)
    refused = await Wire.open(service.address)
    await asyncio.sleep(0.2)
    await refused.send(asked)
    answer = await refused.answer()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert (await service.ask("GET", "/v1/users/1/images/1.png")).status == 200
    silent[0].abort()
    async with asyncio.timeout(15):
        while True:  # one is gone, and the other is dropped as too slow
            async with aiohttp.request("POST", service.address + ARCHIVES, data=body, headers=typed) as told:
                if told.status == 200:
                    assert len(await told.read()) > 20_000_000
                    break
            await asyncio.sleep(0.05)
    for wire in (*silent, refused):
        await wire.close()


@pytest.mark.parametrize("names", [["../a"], ["a", "b\0"], [], ["a"] * 501, ["/etc/passwd"], ["a/b/c"]], ids=len)
async def test_what_is_no_list_of_names_gets_no_zip(service: Running, names: list[str]) -> None:
    """400, before anything is sent."""
    assert (await service.send_json("POST", ARCHIVES, {"names": names})).status == 400
