"""The door for clients of OpenAI's image API, asked by the real client.

| what happens | what the client gets |
|---|---|
| a picture is made or changed | it in base64, and it stands in the user's gallery |
| its price is not known, and credits are limited | BadRequestError `price_unknown`, about its `model` |
| the limits refuse it | RateLimitError `insufficient_quota`, with the time of the reset; it asks no second time |
| the same key twice | one picture, the same bytes |
| a key that does not hold, or may not | AuthenticationError, PermissionDeniedError |
| a field that is unknown, wrong, or asks for what cannot be done | BadRequestError that names it |
| the provider filters the prompt | BadRequestError `content_policy_violation` |
| nobody knows whose picture it is | BadRequestError that says how to tell |
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest

from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.generation.sketch.provider import SketchProvider
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.tokens.token import Scope
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_tokens import given
from tests.hostile.builders import png

SIZE: Any = "64x64"


@asynccontextmanager
async def client(service: Running, *, user: str | None = "1", scope: Scope = Scope.WRITE) -> AsyncIterator[Any]:
    """A client whose key is a token."""
    key = given(service, scope, user=user)["Authorization"].removeprefix("Bearer ")
    async with openai.AsyncOpenAI(base_url=f"{service.address}/openai/v1", api_key=key) as made:
        yield made


async def kept(service: Running, user: str) -> list[bytes]:
    """The pictures that stand in a gallery, the newest first."""
    listed = (await service.ask("GET", f"/v1/users/{user}/images")).json["images"]
    return [(await service.ask("GET", one["url"])).body for one in listed]


async def test_pictures_are_made_and_kept_for_the_tokens_user(service: Running) -> None:
    """Whatever model is named, and whoever the request says it is for."""
    async with client(service) as asking:
        (model,) = [one async for one in asking.models.list()]
        assert (await asking.models.retrieve(model.id)).owned_by == "abby-ledger"
        made = await asking.images.generate(model="gpt-image-2", prompt="a red fox", n=2, size=SIZE, user="2")
        assert [base64.b64decode(one.b64_json) for one in made.data] == (await kept(service, "1"))[::-1]
        assert await kept(service, "2") == []
        with pytest.raises(openai.NotFoundError):
            await asking.models.retrieve("another")


async def test_a_picture_is_changed(service: Running) -> None:
    """One, by words."""
    async with client(service) as asking:
        made = await asking.images.edit(image=("a.png", png(64, 64)), prompt="in snow", size="auto", quality="high")
        assert [base64.b64decode(made.data[0].b64_json)] == await kept(service, "1")
        (row,) = (await service.ask("GET", "/v1/users/1/images")).json["images"]
        assert row["operation"] == "image_to_image"
        with pytest.raises(openai.BadRequestError, match="more than one 'image'"):
            await asking.images.edit(image=[png(), png()], prompt="in snow")
        with pytest.raises(openai.BadRequestError, match="'mask' is not known"):
            await asking.images.edit(image=png(), mask=png(), prompt="in snow")
        with pytest.raises(openai.BadRequestError):
            await asking.images.edit(image=b"no picture", prompt="in snow")


async def test_a_refusal_is_understood_and_not_asked_again(serve: Serve) -> None:
    """The client would ask twice more by itself; the log has the one refusal. When it is over is in the message."""
    service: Running = await serve(SetPolicy(daily=1))
    async with client(service) as asking:
        await asking.images.generate(prompt="a red fox", size=SIZE)
        with pytest.raises(openai.RateLimitError) as refused:
            await asking.images.generate(prompt="a red fox", size=SIZE)
    assert (refused.value.code, refused.value.type) == ("insufficient_quota", "insufficient_quota")
    assert "00:00 UTC" in str(refused.value)
    told = (await service.ask("GET", "/v1/users/1/history")).json["entries"]
    assert [entry["kind"] for entry in told] == ["refused", "kept"]


async def test_a_price_that_is_not_known_is_a_bad_request(serve: Serve) -> None:
    """Once, before anybody is paid, with what the operator can do; no other quota is to be waited for."""
    unpriced = ProviderSettings("stability", "sk-test", "http://127.0.0.1:9")
    limited = SetPolicy(windows=(("pool/month/credits", 500_000),))
    service: Running = await serve(limited, provider=choose_provider(unpriced))
    async with client(service) as asking:
        with pytest.raises(openai.BadRequestError, match="CREDITS_EACH") as refused:
            await asking.images.generate(prompt="a red fox", size="1024x1024")
    error = refused.value
    assert (error.status_code, error.type, error.code, error.param) == (
        400,
        "invalid_request_error",
        "price_unknown",
        "model",
    )
    assert await kept(service, "1") == []


async def test_no_room_is_no_quota_either(serve: Serve) -> None:
    """As the client knows one word for both. Here no `Retry-After` keeps it from asking again by itself."""
    service: Running = await serve(SetPolicy(user_bytes=10))
    async with client(service) as asking:
        with pytest.raises(openai.RateLimitError) as refused:
            await asking.images.generate(prompt="a red fox", size=SIZE)
    assert refused.value.code == "insufficient_quota"
    assert len((await service.ask("GET", "/v1/users/1/history")).json["entries"]) == 1


async def test_the_same_key_twice_makes_one_picture(service: Running) -> None:
    """And another request under it is refused."""
    async with client(service) as asking:
        headers = {"Idempotency-Key": "one"}
        made = [await asking.images.generate(prompt="a fox", size=SIZE, extra_headers=headers) for _ in range(2)]
        assert made[0].data == made[1].data
        assert len(await kept(service, "1")) == 1
        with pytest.raises(openai.UnprocessableEntityError):
            await asking.images.generate(prompt="a bear", size=SIZE, extra_headers=headers)


async def test_each_persons_quota_holds_behind_one_key(serve: Serve) -> None:
    """Of a front end that says for whom it asks, in one of the three ways."""
    service: Running = await serve(SetPolicy(daily=1))
    async with client(service, user=None) as asking:
        await asking.images.generate(prompt="a fox", size=SIZE, user="1")
        await asking.images.generate(prompt="a fox", size=SIZE, extra_body={"safety_identifier": "2"})
        await asking.images.generate(prompt="a fox", size=SIZE, extra_headers={"X-OpenWebUI-User-Id": "3"})
        assert [len(await kept(service, user)) for user in "123"] == [1, 1, 1]
        with pytest.raises(openai.RateLimitError):
            await asking.images.generate(prompt="a fox", size=SIZE, user="2")
        with pytest.raises(openai.BadRequestError, match="abby token create") as refused:
            await asking.images.generate(prompt="a fox", size=SIZE)
    assert refused.value.param == "user"


WRONG: dict[str, dict[str, Any]] = {
    "size": {"size": "big"},
    "n": {"n": "two"},
    "response_format": {"response_format": "url"},
    "background": {"background": "transparent"},
    "output_format": {"output_format": "webp"},
    "stream": {"extra_body": {"stream": True}},
    "colour": {"extra_body": {"colour": "red"}},
    "user": {"user": "../1"},
}


@pytest.mark.parametrize("field", WRONG)
async def test_a_field_that_does_not_fit_is_named(service: Running, field: str) -> None:
    """In the client's own form."""
    async with client(service, user=None) as asking:
        with pytest.raises(openai.BadRequestError) as refused:
            await asking.images.generate(**{"prompt": "a fox", "user": "1"} | WRONG[field])
    assert refused.value.type == "invalid_request_error"
    assert refused.value.param == field or field in str(refused.value)


async def test_a_key_that_does_not_hold_or_may_not(service: Running) -> None:
    """Each as its own error."""
    async with client(service, scope=Scope.READ) as asking:
        with pytest.raises(openai.PermissionDeniedError):
            await asking.images.generate(prompt="a fox")
        with pytest.raises(openai.AuthenticationError) as refused:
            await asking.with_options(api_key="sk-none").images.generate(prompt="a fox")
        assert refused.value.code == "invalid_api_key"
        with pytest.raises(openai.NotFoundError):
            await asking.post("/images/variations", cast_to=object)


class Filtering(SketchProvider):
    """A provider that refuses every prompt."""

    async def generate(self, *_asked: Any, **_more: Any) -> Any:
        """Never."""
        return GenerationFailure(PlainReason.PROMPT_REFUSED)


async def test_what_a_provider_filters_is_their_word_for_it(serve: Serve) -> None:
    """And is not asked again."""
    service: Running = await serve(provider=Filtering())
    async with client(service) as asking:
        with pytest.raises(openai.BadRequestError) as refused:
            await asking.images.generate(prompt="a fox", size=SIZE)
    assert refused.value.code == "content_policy_violation"
