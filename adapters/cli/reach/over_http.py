"""The writing commands through the service that holds the log: its routes, and its answers in the commands' shapes."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from adapters.application.asking_for_more import Answer, More
from adapters.application.granting import Gift
from adapters.application.tier_figures import tier_figures
from adapters.application.window_figures import told_amount, told_windows, windows_told
from adapters.cli.output import Refused
from adapters.cli.reach.market_over_http import MarketOverHttp
from adapters.cli.reach.operations import IMAGE_MEMBERS, Made, MadePicture, PictureRequest
from adapters.cli.reach.service_client import ANSWER_SECONDS, Answered, ServiceClient, ServiceUnavailable
from adapters.http.problems import NOT_FOUND
from domain.ask_events import unit_asked
from domain.limits import Override, SharedLimits, UserLimits
from domain.tier_commands import SeenTier
from domain.tiers import Tier

GENERATION_SECONDS = 720.0
"""How long a picture may take: the studio's own bound, and time to keep it."""


class OperationsOverHttp(MarketOverHttp):
    """Operations of a running service."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    def knows(self, user: str) -> bool:
        """Whether the log has anything about a user."""
        answer = self._client.look(f"/v1/users/{quote(user, safe='')}", seconds=ANSWER_SECONDS).json
        if "user" not in answer and answer.get("type") != NOT_FOUND.type:
            raise ServiceUnavailable(f"The service at {self._client.address} answered: {answer.get('detail', answer)}")
        return "user" in answer

    def generate(self, user: str, request: PictureRequest) -> Made | Refused:
        """Makes a picture with the service's provider; however often the request is sent, it is made once."""
        body = {name: value for name, value in request._asdict().items() if value is not None}
        path = f"/v1/users/{quote(user, safe='')}/generations"
        answer = self._client.ask("POST", path, body, key=uuid4().hex, seconds=GENERATION_SECONDS)
        return answer if isinstance(answer, Refused) else _made(answer.json)

    def image_bytes(self, user: str, name: str) -> bytes:
        """The bytes of a kept image."""
        answer = self._client.ask("GET", _image_path(user, name))
        if isinstance(answer, Refused):
            raise ServiceUnavailable(answer.message)
        return answer.body

    def delete(self, user: str, name: str) -> dict[str, Any] | Refused:
        """Takes a kept image away."""
        answer = self._client.ask("DELETE", _image_path(user, name), key=uuid4().hex)
        if isinstance(answer, Refused):
            return answer
        deleted = answer.json["deleted"]
        return {name: deleted[name] for name in ("user", "name", "freed_bytes", "position", "replayed")}

    def reset(self, user: str, reason: str) -> dict[str, Any] | Refused:
        """Sets today's count to 0."""
        path = f"/v1/admin/users/{quote(user, safe='')}/reset"
        return _body(self._client.ask("POST", path, {"reason": reason}, key=uuid4().hex))

    def own_limits(self, user: str) -> Override | Refused:
        """A user's own limits."""
        told = _body(self._client.ask("GET", _limits_path(user)))
        if isinstance(told, Refused):
            return told
        windows = windows_told(told["windows"]) or None
        return Override(UserLimits(told["user_bytes"], told["daily"], windows), told["until"])

    def limits(self, user: str, own: Override, seen: Override, reason: str) -> dict[str, Any] | Refused:
        """Gives a user limits of their own."""
        body = {**_own_body(own), "was": _own_body(seen), "reason": reason}
        return _body(self._client.ask("PUT", _limits_path(user), body, key=uuid4().hex))

    def line(self, user: str | None) -> dict[str, Any] | Refused:
        """What waits for its turn."""
        return _body(self._client.ask("GET", "/v1/admin/queue" if user is None else _queue_path(user)))

    def take_out(self, user: str, request: str | None) -> dict[str, Any] | Refused:
        """Takes requests out of the line."""
        one = "" if request is None else f"/{quote(request, safe='')}"
        return _body(self._client.ask("DELETE", f"{_queue_path(user)}{one}", key=uuid4().hex))

    def tiers(self) -> dict[str, Any] | Refused:
        """Every tier."""
        return _body(self._client.ask("GET", "/v1/admin/tiers"))

    def tier_step(self, key: str, tier: Tier | None, reason: str) -> dict[str, Any] | Refused:
        """What another definition of a tier would be."""
        return self._put_tier(key, {**_tier_body(tier), "reason": reason, "dry_run": True})

    def define_tier(self, key: str, tier: Tier | None, reason: str, seen: SeenTier) -> dict[str, Any] | Refused:
        """Defines a tier anew, or takes it away."""
        return self._put_tier(key, {**_tier_body(tier), "was": _tier_body(seen.tier), "reason": reason})

    def _put_tier(self, key: str, body: dict[str, Any]) -> dict[str, Any] | Refused:
        return _body(self._client.ask("PUT", f"/v1/admin/tiers/{quote(key, safe='')}", body, key=uuid4().hex))

    def user_tiers(self, user: str) -> dict[str, Any] | Refused:
        """Which tiers a user has."""
        return _body(self._client.ask("GET", _tiers_path(user)))

    def give_tier(
        self, user: str, key: str, reason: str, *, given: bool, until: str | None = None
    ) -> dict[str, Any] | Refused:
        """Gives a user a tier by hand, or takes it back."""
        body = {"reason": reason, "given": given, "until": until}
        path = f"{_tiers_path(user)}/{quote(key, safe='')}"
        return _body(self._client.ask("PUT", path, body, key=uuid4().hex))

    def give_grant(self, user: str, gift: Gift) -> dict[str, Any] | Refused:
        """Gives a user a grant."""
        amounts = {name: told_amount(getattr(gift, name), gift.unit) for name in ("amount", "rollover")}
        given = {name: value for name, value in gift._asdict().items() if value is not None}
        body = {**given, **amounts}
        del body["source"]  # whoever gives one over HTTP is a manager
        return _body(self._client.ask("POST", _grants_path(user), body, key=uuid4().hex))

    def void_grant(self, user: str, grant: str, reason: str) -> dict[str, Any] | Refused:
        """Takes away what is left of one."""
        path = f"{_grants_path(user)}/{quote(grant, safe='')}?{urlencode({'reason': reason})}"
        return _body(self._client.ask("DELETE", path, key=uuid4().hex))

    def open_asks(self) -> dict[str, Any] | Refused:
        """What waits for an answer."""
        return _body(self._client.ask("GET", "/v1/admin/asks"))

    def last_ask(self, user: str) -> dict[str, Any] | Refused:
        """A user's last ask."""
        return _body(self._client.ask("GET", _asks_path(user)))

    def ask_for_more(self, user: str, more: More) -> dict[str, Any] | Refused:
        """A user asks for more."""
        body = {**more._asdict(), "amount": told_amount(more.amount, unit_asked(more.limit))}
        return _body(self._client.ask("POST", _asks_path(user), body, key=uuid4().hex))

    def withdraw_ask(self, user: str, ask: str) -> dict[str, Any] | Refused:
        """Takes an ask back."""
        return _body(self._client.ask("DELETE", f"{_asks_path(user)}/{quote(ask, safe='')}", key=uuid4().hex))

    def answer_ask(self, ask: str, answer: Answer, unit: str) -> dict[str, Any] | Refused:
        """Answers an ask."""
        amount = None if answer.amount is None else told_amount(answer.amount, unit)
        body = {**answer._asdict(), "amount": amount}
        return _body(self._client.ask("PUT", f"/v1/admin/asks/{quote(ask, safe='')}", body, key=uuid4().hex))

    def cleanup(self, days: int | None) -> dict[str, Any] | Refused:
        """Removes old temp files."""
        return _body(self._client.ask("POST", "/v1/admin/cleanup", {"days": days}, key=uuid4().hex))

    def cleanable(self, days: int | None) -> dict[str, Any] | Refused:
        """What a cleanup would remove."""
        body = {"days": days, "dry_run": True}
        return _body(self._client.ask("POST", "/v1/admin/cleanup", body, key=uuid4().hex))

    def policy_step(self, wanted: SharedLimits, reason: str) -> dict[str, Any] | Refused:
        """What other limits for everybody would be."""
        body = {**_shared_body(wanted), "reason": reason, "dry_run": True}
        return _body(self._client.ask("PATCH", "/v1/admin/policy", body, key=uuid4().hex))

    def change_policy(self, wanted: SharedLimits, seen: SharedLimits, reason: str) -> dict[str, Any] | Refused:
        """Gives everybody other limits."""
        body = {**_shared_body(wanted), "was": _shared_body(seen), "reason": reason}
        return _body(self._client.ask("PATCH", "/v1/admin/policy", body, key=uuid4().hex))


def _body(answer: Answered | Refused) -> dict[str, Any] | Refused:
    return answer if isinstance(answer, Refused) else answer.json


def _own_body(own: Override) -> dict[str, Any]:
    return {**own.limits._asdict(), "windows": told_windows(own.limits.windows), "until": own.until}


def _shared_body(limits: SharedLimits) -> dict[str, Any]:
    """Those that are given, as the route takes them."""
    given = limits.given
    return given if limits.windows is None else {**given, "windows": told_windows(limits.windows)}


def _limits_path(user: str) -> str:
    return f"/v1/admin/users/{quote(user, safe='')}/limits"


def _grants_path(user: str) -> str:
    return f"/v1/admin/users/{quote(user, safe='')}/grants"


def _tier_body(tier: Tier | None) -> dict[str, Any]:
    """A tier as the service takes it; None: there is none."""
    if tier is None:
        return {"removed": True}
    return {name: told for name, told in tier_figures(tier).items() if name != "tier"}


def _asks_path(user: str) -> str:
    return f"/v1/users/{quote(user, safe='')}/asks"


def _tiers_path(user: str) -> str:
    return f"/v1/admin/users/{quote(user, safe='')}/tiers"


def _queue_path(user: str) -> str:
    return f"/v1/users/{quote(user, safe='')}/queue"


def _image_path(user: str, name: str) -> str:
    return f"/v1/users/{quote(user, safe='')}/images/{quote(name)}"


def _made(answer: dict[str, Any]) -> Made:
    pictures = tuple(_picture(described) for described in answer["pictures"])
    return Made(pictures, answer["provider"], answer["model"], answer["seconds"], answer["note"])


def _picture(described: dict[str, Any]) -> MadePicture:
    """A picture that may not be kept comes with its bytes; a kept one is fetched when it is wanted."""
    image = described["image"]
    if image is None:
        shown = described["shown"]
        return MadePicture(
            None, described["seed"], described["not_kept"], shown["media_type"], base64.b64decode(shown["data"])
        )
    kept = {name: image[name] for name in IMAGE_MEMBERS}
    return MadePicture(kept, described["seed"], None, image["media_type"], None)
