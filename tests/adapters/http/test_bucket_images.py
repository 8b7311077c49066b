"""Images of a bucket over HTTP: sent by the service, or where it is set so, by the bucket for a while."""

from __future__ import annotations

import pytest

from adapters.application.results import StoreSettings
from tests.adapters.http.conftest import Serve
from tests.adapters.http.wire import once, request
from tests.hostile.builders import png
from tests.servers.faulty_proxy import Fault, FaultyProxy, nothing_fails
from tests.servers.s3 import SECRET, new_bucket, place_in

ONE = "/v1/users/1/images/a.png"


async def test_the_service_sends_the_bytes_itself(serve: Serve) -> None:
    """All of them or a part, and once they are gone, that; nobody is sent elsewhere."""
    service = await serve(objects=place_in(new_bucket()))
    assert (await service.upload("1", png(), "a.png")).status == 201
    whole = await service.ask("GET", ONE)
    assert (whole.status, whole.body) == (200, png())
    part = await service.ask("GET", ONE, headers={"Range": "bytes=4-9"})
    assert (part.status, part.body) == (206, png()[4:10])
    listed = (await service.ask("GET", "/v1/users/1/images")).json
    assert [image["name"] for image in listed["images"]] == ["a.png"]
    assert (await service.ask("DELETE", ONE)).status == 200
    assert (await service.ask("GET", ONE)).status == 404
    assert service.files() == []


async def test_a_program_is_sent_to_the_bucket_where_it_is_set_so(serve: Serve) -> None:
    """A page is not, as it may load from nowhere else; nor is who asks for what does not stand."""
    settings = StoreSettings(presigned_seconds=30)
    service = await serve(objects=place_in(new_bucket()), settings=settings)
    await service.upload("1", png(), "a.png")
    sent = await service.ask("GET", ONE)
    assert (sent.status, sent.headers.get("cache-control")) == (303, "private, no-store")
    assert "X-Amz-Expires=30" in sent.headers["location"]
    assert SECRET not in sent.headers["location"]
    address, path = sent.headers["location"].split("/abby-", 1)
    assert (await once(address, request("GET", f"/abby-{path}"))).body == png()
    assert (await service.ask("GET", ONE, headers={"Sec-Fetch-Site": "same-origin"})).body == png()
    assert (await service.ask("HEAD", ONE)).status == 200
    assert (await service.ask("GET", "/v1/users/1/images/b.png")).status == 404


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.REFUSED, Fault.SHORT])
async def test_what_the_bucket_does_not_give_is_told_and_not_half_sent(
    serve: Serve, proxy: FaultyProxy, fault: Fault
) -> None:
    """A save is refused, an image is unavailable for the moment; nothing of it is in the answer but words."""
    service = await serve(objects=place_in(new_bucket(), port=proxy.port))
    await service.upload("1", png(), "a.png")
    proxy.plan = lambda _method, _path: fault
    refused = await service.upload("1", png(), "b.png")
    assert refused.status in {201, 503}  # a put that was carried out is looked up where the look succeeds
    assert (await service.ask("GET", ONE)).status == 503
    proxy.plan = nothing_fails
    assert (await service.ask("GET", ONE)).body == png()
