"""Images over HTTP: saved, listed, fetched, described and deleted, as they are and for their user alone."""

from __future__ import annotations

import hashlib

import pytest

from adapters.application.reading import image_path
from adapters.application.results import StoreSettings
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.wire import Wire, once, request
from tests.hostile.builders import jpeg, jpeg_mpf_phone, png, webp

BOUNDARY = "frontier"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PATH = "/v1/users/1/images"


def form(*fields: tuple[str, bytes], closed: bool = True) -> bytes:
    """A multipart body of these fields."""
    parts = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in fields
    )
    return parts + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


async def send_form(service: Running, body: bytes, path: str = PATH) -> tuple[int, bytes]:
    """A form to the upload route."""
    answer = await service.ask("POST", path, body=body, kind=FORM)
    return answer.status, answer.body


async def test_an_upload_is_kept_as_it_is_and_charged(service: Running) -> None:
    """201 with its place; the bytes come back unchanged; the quota shows one image."""
    data = png(64, 64)
    saved = await service.upload("1", data, "cat.png")
    assert saved.status == 201
    image = saved.json["image"]
    assert saved.headers["location"] == image["url"] == "/v1/users/1/images/cat.png"
    assert (image["name"], image["size_bytes"], image["width"], image["media_type"]) == (
        "cat.png",
        len(data),
        64,
        "image/png",
    )
    assert "path" not in image
    fetched = await service.ask("GET", image["url"])
    assert (fetched.status, fetched.body) == (200, data)
    assert (await service.quota("1"))["user"]["images"] == 1


@pytest.mark.parametrize("name", ["a.exe", "a.html", "a.svg", "k/a.JPG", "a.tif", "a.png.exe"])
async def test_an_upload_under_an_extension_of_something_else_is_refused(name: str, service: Running) -> None:
    """422 with the name that is right; nothing is kept, and no browser is ever given a page by its name."""
    refused = await service.upload("1", png(), name)
    assert refused.status == 422
    assert refused.json["type"].endswith("wrong-extension")
    right = name.rpartition("/")[2].rpartition(".")[0] + ".png"
    assert refused.json["detail"].endswith(f"Name it {right} instead.")
    assert (await service.quota("1"))["user"]["images"] == 0


async def test_an_image_is_sent_so_that_nothing_in_it_can_run(service: Running) -> None:
    """The decoder's media type, no sniffing, a sandbox, private to its user's browser, named by its hash."""
    data = webp()
    await service.upload("1", data, "a")
    sent = (await service.ask("GET", "/v1/users/1/images/a")).headers
    assert sent["content-type"] == "image/webp"
    assert sent["x-content-type-options"] == "nosniff"
    assert sent["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert sent["cache-control"] == "private, no-cache"
    assert sent["cross-origin-resource-policy"] == "same-origin"
    assert sent["etag"] == f'"{hashlib.sha256(data).hexdigest()}"'


async def test_an_image_that_is_known_is_not_sent_again(service: Running) -> None:
    """`If-None-Match` with the hash: 304 and no body; with another hash the image."""
    await service.upload("1", png(), "a.png")
    etag = (await service.ask("HEAD", "/v1/users/1/images/a.png")).headers["etag"]
    known = await service.ask("GET", "/v1/users/1/images/a.png", headers={"If-None-Match": etag})
    assert (known.status, known.body) == (304, b"")
    other = await service.ask("GET", "/v1/users/1/images/a.png", headers={"If-None-Match": '"other"'})
    assert other.status == 200


async def test_an_upload_without_a_name_gets_a_fresh_one_each_time(service: Running) -> None:
    """Nothing is overwritten."""
    names = [(await service.upload("1", jpeg())).json["image"]["name"] for _ in range(2)]
    assert names == ["image_1.jpg", "image_2.jpg"]


async def test_a_phones_photograph_is_kept_byte_for_byte(service: Running) -> None:
    """With its second picture and its trailer."""
    data = jpeg_mpf_phone()
    saved = await service.ask("POST", "/v1/users/1/images?name=phone.jpg", body=data, kind="image/jpeg")
    assert saved.status == 201
    assert (await service.ask("GET", "/v1/users/1/images/phone.jpg")).body == data


async def test_a_form_may_carry_the_image_and_its_name(service: Running) -> None:
    """The name from the form, from the query, or from neither."""
    data = png()
    assert (await send_form(service, form(("image", data), ("name", b"in form.png"))))[0] == 201
    assert (await send_form(service, form(("image", data)), "/v1/users/1/images?name=query.png"))[0] == 201
    assert (await send_form(service, form(("image", data))))[0] == 201
    listed = (await service.ask("GET", "/v1/users/1/images")).json
    assert [image["name"] for image in listed["images"]] == ["image_1.png", "query.png", "in form.png"]


FORMS = {
    "no image": (form(("name", b"a.png")), 400),
    "an unknown field": (form(("image", png()), ("user", b"2")), 400),
    "the image twice": (form(("image", png()), ("image", png())), 400),
    "a name that is not UTF-8": (form(("image", png()), ("name", b"\xff")), 400),
    "a name of 2,000 bytes": (form(("image", png()), ("name", b"a" * 2_000)), 400),
    "a malformed name": (form(("image", png()), ("name", b"../a.png")), 400),
    "no closing boundary": (form(("image", png()), closed=False), 400),
    "10,000 parts": (form(*[("image", b"x")] * 10_000), 413),
}


@pytest.mark.parametrize(("body", "status"), FORMS.values(), ids=FORMS.keys())
async def test_an_unclear_form_leaves_nothing_behind(service: Running, body: bytes, status: int) -> None:
    """The status says whose fault it is, and there is no event and no file."""
    before = (await service.quota("1"))["position"]
    assert (await send_form(service, body))[0] == status
    assert (await service.quota("1"))["position"] == before
    assert service.files() == []


async def test_a_form_and_a_query_that_contradict_each_other_are_refused(service: Running) -> None:
    """The name is asked for once."""
    status, _ = await send_form(service, form(("image", png()), ("name", b"a.png")), "/v1/users/1/images?name=b.png")
    assert status == 400


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a\tb"]
)
async def test_a_form_without_a_boundary_is_refused(service: Running, kind: str) -> None:
    """The header has to say where parts end."""
    assert (await service.ask("POST", "/v1/users/1/images", body=form(("image", png())), kind=kind)).status == 400


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_kind_is_not_taken_for_an_image(service: Running, kind: str) -> None:
    """415, before the body is read."""
    answer = await service.ask("POST", "/v1/users/1/images", body=png(), kind=kind)
    assert answer.status == (415 if kind else 201)


BAD_IMAGES = {
    "text": (b"<script>alert(1)</script>", "a.png", 415),
    "nothing": (b"", "a.png", 415),
    "half a picture": (png(64, 64)[:-20], "a.png", 422),
    "a JPEG as .png": (jpeg(), "a.png", 422),
}


@pytest.mark.parametrize(("data", "name", "status"), BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
async def test_what_is_no_image_is_refused_with_a_sentence(
    service: Running, data: bytes, name: str, status: int
) -> None:
    """The problem names the rule; nothing is charged, nothing left on disk."""
    answer = await service.upload("1", data, name)
    assert answer.status == status
    assert len(answer.json["detail"]) > 20
    assert (await service.quota("1"))["user"]["images"] == 0
    assert service.files() == []


async def test_an_image_over_the_largest_size_is_413(serve: Serve) -> None:
    """By its announced length, by what really comes, and inside a form."""
    service: Running = await serve(settings=StoreSettings(max_image_bytes=1_000))
    data = png(extras=[b"\0\0\x07\xd0tEXt" + bytes(2_004)])
    assert len(data) > 2_000
    assert (await service.upload("1", data)).status == 413
    chunked = f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "image/png"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw = f"POST /v1/users/1/images HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode() + chunked
    unannounced = await once(service.address, raw)
    in_form = await service.ask("POST", PATH, body=form(("image", data)), kind=FORM)
    assert (unannounced.status, in_form.status) == (413, 413)
    assert unannounced.json["type"] == in_form.json["type"] == "urn:abby-ledger:problem:too-large"


async def test_who_has_no_place_left_is_refused_before_the_body_is_sent(serve: Serve) -> None:
    """By the length that is announced: nothing of the body is waited for, or asked for with the word to continue."""
    service: Running = await serve(SetPolicy(daily=0))
    wire = await Wire.open(service.address)
    announced = {"Content-Length": "1000000", "Content-Type": "image/jpeg", "Expect": "100-continue"}
    await wire.send(request("POST", "/v1/users/1/images", headers=announced))
    answer = await wire.answer()
    await wire.close()
    assert (answer.status, answer.json["reason"]) == (429, "DAILY_LIMIT")


async def test_a_list_is_newest_first_and_comes_in_pages(service: Running) -> None:
    """`offset` and `limit` walk over it; `total` says how many there are."""
    for name in ("a.png", "b.png", "c.png"):
        await service.upload("1", png(), name)
    whole = (await service.ask("GET", "/v1/users/1/images")).json
    assert [image["name"] for image in whole["images"]] == ["c.png", "b.png", "a.png"]
    page = (await service.ask("GET", "/v1/users/1/images?offset=1&limit=1")).json
    assert [image["name"] for image in page["images"]] == ["b.png"]
    assert (page["total"], page["offset"], page["limit"]) == (3, 1, 1)


@pytest.mark.parametrize(
    "query", ["offset=-1", "offset=x", "limit=0", "limit=101", "limit=1e1", "limit=1&limit=2", "all=1", "offset=0%00"]
)
async def test_a_page_that_cannot_be_is_refused(service: Running, query: str) -> None:
    """400 for numbers out of range and parameters nobody knows."""
    assert (await service.ask("GET", f"/v1/users/1/images?{query}")).status == 400


async def test_a_deleted_image_is_gone_and_its_bytes_are_free(service: Running) -> None:
    """From the list, from disk and from the quota; a second time it is 404."""
    data = png(64, 64)
    await service.upload("1", data, "k/a.png")
    deleted = await service.ask("DELETE", "/v1/users/1/images/k/a.png")
    assert (deleted.status, deleted.json["deleted"]["freed_bytes"]) == (200, len(data))
    assert (await service.ask("GET", "/v1/users/1/images/k/a.png")).status == 404
    assert (await service.ask("DELETE", "/v1/users/1/images/k/a.png")).status == 404
    assert service.files() == []
    assert (await service.quota("1"))["user"]["used_mb"] == 0


async def test_a_users_image_is_not_found_under_another_user(service: Running) -> None:
    """Names belong to users."""
    await service.upload("1", png(), "a.png")
    assert (await service.ask("GET", "/v1/users/2/images/a.png")).status == 404
    assert (await service.ask("DELETE", "/v1/users/2/images/a.png")).status == 404


async def test_a_full_storage_is_507_with_its_figures(serve: Serve) -> None:
    """The problem says which limit, how much is used, and what to do."""
    data = png(64, 64)
    service: Running = await serve(SetPolicy(user_bytes=len(data), gen_bytes=1, daily=50))
    assert (await service.upload("1", data, "a.png")).status == 201
    refused = await service.upload("1", data, "b.png")
    assert refused.status == 507
    assert refused.json["type"].endswith("#quota-exceeded")
    assert refused.json["violated-policies"] == ["storage"]
    assert (refused.json["used"], refused.json["limit"]) == (len(data), len(data))
    assert refused.json["detail"].startswith("Your storage quota is full")


async def test_the_second_of_two_names_that_exclude_each_other_is_a_conflict(service: Running) -> None:
    """A file and a folder of one name cannot both be."""
    assert (await service.upload("1", png(), "foo")).status == 201
    assert (await service.upload("1", png(), "foo/bar.png")).status == 409
    assert (await service.upload("1", png(), "k/a.png")).status == 201
    assert (await service.upload("1", png(), "k")).status == 409


async def test_an_uploads_details_are_empty_and_an_unknown_images_are_404(service: Running) -> None:
    """Nothing is known of how an uploaded image was made."""
    await service.upload("1", png(), "a.png")
    known = await service.ask("GET", "/v1/users/1/details/a.png")
    assert (known.status, known.json["details"]) == (200, None)
    assert (await service.ask("GET", "/v1/users/1/details/b.png")).status == 404


async def test_an_image_whose_file_is_missing_is_404_and_stays_listed(service: Running) -> None:
    """Somebody removed the file by hand: no error, no empty picture; the log still says that it stands."""
    await service.upload("1", png(), "a.png")
    path = image_path(service.store, "1", "a.png")
    assert path is not None
    path.unlink()
    assert (await service.ask("GET", "/v1/users/1/images/a.png")).status == 404
    assert (await service.ask("GET", "/v1/users/1/images")).json["total"] == 1


async def test_where_things_are_stripped_limits_are_asked_for_what_is_left(serve: Serve) -> None:
    """An upload announces more than is kept, so its length refuses nothing."""
    data = png()
    limits = SetPolicy(user_bytes=len(data), gen_bytes=1)
    service: Running = await serve(limits, settings=StoreSettings(strip_foreign=True))
    assert (await service.upload("1", data + b"PK\3\4" + bytes(1_000), "a.png")).status == 201
