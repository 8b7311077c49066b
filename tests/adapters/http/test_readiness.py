"""What `/readyz` tells whom: anybody how it stands, and the sentences, which name files and users, not strangers.

| who asks where tokens are needed | the state and its kinds | the sentences, the position, the last cleanup |
|---|---|---|
| nobody, or with a token that is none | yes | no |
| a token or a sign-in for one user | yes | no |
| a token or a sign-in for all, or the pass of the service's account (`abby doctor`) | yes | yes |
"""

from __future__ import annotations

import pytest

from adapters.application.notes import NoteKind
from adapters.tokens.token import Scope, new_text
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_sessions import holder
from tests.adapters.http.test_tokens import given
from tests.hostile.builders import png

OPEN = (
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/",
    "/v1/session",
    "/metrics",
    "/nothing",
    "/v1/users/42/quota",
)
KINDS = [NoteKind.IMAGES_MISSING, NoteKind.LOG_BEGUN]


@pytest.fixture
async def service(serve: Serve) -> Running:
    """One that asks everybody for a token, and has lost an image's file."""
    running: Running = await serve(needs_token=True)
    kept = await running.upload("42", png(), "lost.png", headers=given(running, Scope.WRITE))
    assert kept.status == 201
    (running.store.root / "images/users/42/lost.png").unlink()
    return running


@pytest.mark.parametrize("who", ["nobody", "a token that is none", "two tokens", "one user's", "one user's sign-in"])
async def test_strangers_are_told_the_state_and_its_kinds_alone(service: Running, who: str) -> None:
    """200 for them too: what watches a service needs no token."""
    one_users = given(service, Scope.ADMIN, user="42")
    headers = {
        "nobody": {},
        "a token that is none": {"Authorization": f"Bearer {new_text()}"},
        "two tokens": {"Authorization": f"{one_users['Authorization']}\r\nAuthorization: Bearer x"},
        "one user's": one_users,
        "one user's sign-in": (await holder(service, Scope.READ, user="42"))[1],
    }[who]
    ready = await service.ask("GET", "/readyz", headers=headers)
    assert (ready.status, ready.json) == (200, {"status": "degraded", "kinds": KINDS})


@pytest.mark.parametrize("signs_in", [False, True])
async def test_who_may_read_of_all_is_told_why(service: Running, signs_in: bool) -> None:
    """The sentences name the files, for whoever is to mend it."""
    headers = (await holder(service, Scope.READ))[1] if signs_in else given(service, Scope.READ)
    ready = (await service.ask("GET", "/readyz", headers=headers)).json
    assert (ready["kinds"], len(ready["notes"])) == (KINDS, 2)
    assert "42/lost.png" in ready["notes"][0]
    assert ready["position"] > 0
    assert ready["last_cleanup"] is None


@pytest.mark.parametrize("path", OPEN)
async def test_nothing_that_is_open_names_a_file_a_user_or_a_folder(service: Running, path: str) -> None:
    """Of no answer to who has no token, whatever its status."""
    told = (await service.ask("GET", path)).body
    for secret in (b"lost.png", b"text_to_image/image", str(service.store.root).encode()):
        assert secret not in told
