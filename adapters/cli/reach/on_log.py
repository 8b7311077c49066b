"""The writing commands on a log that this process has opened itself, because no other holds it.

The limits in force are the log's: a command opens it and leaves its policy alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.application.ask_figures import answered_ask, ask_figures, new_ask
from adapters.application.asking_for_more import (
    Answer,
    More,
    answer_ask_blocking,
    ask_for_more_blocking,
    ask_of,
    open_asks,
    withdraw_ask_blocking,
)
from adapters.application.deleting import clean_up_blocking, cleanable, delete_image_blocking
from adapters.application.governing import (
    change_policy_blocking,
    override_limits_blocking,
    policy_step,
    reset_daily_blocking,
)
from adapters.application.granting import Gift, give_grant_blocking, void_grant_blocking
from adapters.application.over_windows import over_windows
from adapters.application.reading import image_bytes, is_known, override_of, quota_status
from adapters.application.results import Changed, PolicyStep
from adapters.application.storage import Storage
from adapters.application.tier_figures import change_figures, tier_figures, user_figures
from adapters.application.tiers import (
    assign_tier_blocking,
    define_tier_blocking,
    take_tier_away_blocking,
    tier_step,
    tiers_in_force,
    tiers_of,
    unassign_tier_blocking,
)
from adapters.application.window_figures import told_windows
from adapters.cli.exits import REFUSAL_EXITS
from adapters.cli.output import Refused, refused_of
from adapters.cli.reach.generation_exits import not_made
from adapters.cli.reach.market_on_log import CLI, MarketOnLog
from adapters.cli.reach.operations import IMAGE_MEMBERS, Made, MadePicture, PictureRequest
from adapters.generation.provider import GenerationRequest, Operation
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import StorageUnavailable
from adapters.settings.config import Config
from adapters.studio import Generated, GenerationOutcome, Studio
from adapters.wording.failures import sentence_of_not_kept, sentence_of_notes
from domain.limits import Override, SharedLimits
from domain.refusals import Reason, Refusal
from domain.tier_commands import SeenTier
from domain.tiers import Tier


class OperationsOnLog(MarketOnLog):
    """Operations on an open store."""

    def __init__(self, store: Storage, config: Config) -> None:
        self._store = store
        self._config = config

    def knows(self, user: str) -> bool:
        """Whether the log has anything about a user."""
        return is_known(self._store, user)

    def generate(self, user: str, request: PictureRequest) -> Made | Refused:
        """Makes a picture with the provider that the service would use."""
        asked = GenerationRequest(
            Operation.TEXT_TO_IMAGE,
            request.prompt,
            style=request.style,
            seed=request.seed,
            width=request.width,
            height=request.height,
        )
        made = asyncio.run(self._generate(user, asked))
        if isinstance(made, GenerationFailure):
            return not_made(made)
        return refused_of(made) if isinstance(made, Refusal) else _made(made)

    def image_bytes(self, user: str, name: str) -> bytes:
        """The bytes of a kept image."""
        data = image_bytes(self._store, user, name)
        if data is None:
            raise StorageUnavailable(f"The image {name} of {user} was deleted before it could be copied.")
        return data

    def delete(self, user: str, name: str) -> dict[str, Any] | Refused:
        """Takes a kept image away."""
        deleted = delete_image_blocking(self._store, user, name, actor=CLI)
        return refused_of(deleted) if isinstance(deleted, Refusal) else deleted._asdict()

    def reset(self, user: str, reason: str) -> Mapping[str, Any] | Refused:
        """Sets today's count to 0."""
        changed = reset_daily_blocking(self._store, user, reason, actor=CLI)
        return self._status(user, changed)

    def own_limits(self, user: str) -> Override | Refused:
        """A user's own limits."""
        return override_of(self._store, user)

    def limits(self, user: str, own: Override, seen: Override, reason: str) -> Mapping[str, Any] | Refused:
        """Gives a user limits of their own."""
        changed = override_limits_blocking(self._store, user, reason, own.limits, until=own.until, seen=seen, actor=CLI)
        return self._status(user, changed)

    def line(self, user: str | None) -> Mapping[str, Any] | Refused:  # noqa: ARG002 - whoever holds a log has no line
        """What waits: nothing, as no service runs."""
        return {"waiting": []}

    def take_out(self, user: str, request: str | None) -> Mapping[str, Any] | Refused:
        """The same."""
        if request is None:
            return {"taken_out": []}
        return Refused(
            Reason.NOT_FOUND.value, f"Nothing of {user} waits: no service runs.", REFUSAL_EXITS[Reason.NOT_FOUND]
        )

    def tiers(self) -> Mapping[str, Any] | Refused:
        """Every tier."""
        return {"tiers": [tier_figures(tier) for tier in tiers_in_force(self._store)]}

    def tier_step(self, key: str, tier: Tier | None, reason: str) -> Mapping[str, Any] | Refused:  # noqa: ARG002 - as over HTTP, which judges it
        """What another definition of a tier would be."""
        step = tier_step(self._store, key, tier)
        return refused_of(step) if isinstance(step, Refusal) else change_figures(step, changed=False, dry_run=True)

    def define_tier(self, key: str, tier: Tier | None, reason: str, seen: SeenTier) -> Mapping[str, Any] | Refused:
        """Defines a tier anew, or takes it away."""
        step = tier_step(self._store, key, tier)
        if isinstance(step, Refusal):
            return refused_of(step)
        if tier is None:
            done = take_tier_away_blocking(self._store, key, reason, seen=seen, actor=CLI)
        else:
            done = define_tier_blocking(self._store, tier, reason, seen=seen, actor=CLI)
        if isinstance(done, Refusal):
            return refused_of(done)
        return change_figures(step, changed=done.position > 0, dry_run=False)

    def user_tiers(self, user: str) -> Mapping[str, Any] | Refused:
        """Which tiers a user has."""
        return user_figures(user, tiers_of(self._store, user))

    def give_tier(
        self, user: str, key: str, reason: str, *, given: bool, until: str | None = None
    ) -> Mapping[str, Any] | Refused:
        """Gives a user a tier by hand, or takes it back."""
        if given:
            done = assign_tier_blocking(self._store, user, key, reason, until=until, actor=CLI)
        else:
            done = unassign_tier_blocking(self._store, user, key, reason, actor=CLI)
        if isinstance(done, Refusal):
            return refused_of(done)
        return user_figures(user, tiers_of(self._store, user), changed=done.position > 0)

    def give_grant(self, user: str, gift: Gift) -> Mapping[str, Any] | Refused:
        """Gives a user a grant."""
        given = give_grant_blocking(self._store, user, gift, actor=CLI)
        if isinstance(given, Refusal):
            return refused_of(given)
        return {"grant": given.grant, "position": given.position}

    def void_grant(self, user: str, grant: str, reason: str) -> Mapping[str, Any] | Refused:
        """Takes away what is left of one."""
        voided = void_grant_blocking(self._store, user, grant, reason, actor=CLI)
        return refused_of(voided) if isinstance(voided, Refusal) else {"grant": grant, "changed": voided.position > 0}

    def open_asks(self) -> Mapping[str, Any] | Refused:
        """What waits for an answer."""
        now = self._store.running().now()
        return {"asks": [ask_figures(ask, now) for ask in open_asks(self._store)]}

    def last_ask(self, user: str) -> Mapping[str, Any] | Refused:
        """A user's last ask."""
        ask = ask_of(self._store, user)
        return {"ask": None if ask is None else ask_figures(ask, self._store.running().now())}

    def ask_for_more(self, user: str, more: More) -> Mapping[str, Any] | Refused:
        """A user asks for more."""
        asked = ask_for_more_blocking(self._store, user, more, actor=CLI)
        return refused_of(asked) if isinstance(asked, Refusal) else new_ask(asked)

    def withdraw_ask(self, user: str, ask: str) -> Mapping[str, Any] | Refused:
        """Takes an ask back."""
        answered = withdraw_ask_blocking(self._store, user, ask, actor=CLI)
        return refused_of(answered) if isinstance(answered, Refusal) else answered_ask(answered)

    def answer_ask(self, ask: str, answer: Answer, unit: str) -> Mapping[str, Any] | Refused:  # noqa: ARG002 - as over HTTP
        """Answers an ask."""
        answered = answer_ask_blocking(self._store, ask, answer, actor=CLI)
        return refused_of(answered) if isinstance(answered, Refusal) else answered_ask(answered)

    def cleanup(self, days: int | None) -> dict[str, Any] | Refused:
        """Removes old temp files."""
        cleaned = clean_up_blocking(self._store, days, actor=CLI)
        if isinstance(cleaned, Refusal):
            return refused_of(cleaned)
        return {"files": cleaned.files, "freed_bytes": cleaned.freed_bytes}

    def cleanable(self, days: int | None) -> dict[str, Any] | Refused:
        """What a cleanup would remove."""
        found = cleanable(self._store, self._store.settings.cleanup_days if days is None else days)
        if isinstance(found, Refusal):
            return refused_of(found)
        would = {
            "days": found.days,
            "kinds": [{"media_type": kind.of, "files": kind.files, "bytes": kind.bytes} for kind in found.kinds],
            "users": [{"user": user.of, "files": user.files, "bytes": user.bytes} for user in found.users],
            "other_users": found.other_users,
        }
        return {"files": found.files, "freed_bytes": found.bytes, "would": would}

    def policy_step(self, wanted: SharedLimits, reason: str) -> Mapping[str, Any] | Refused:  # noqa: ARG002 - as over HTTP
        """What other limits for everybody would be."""
        step = policy_step(self._store, wanted)
        return refused_of(step) if isinstance(step, Refusal) else self._told(step, is_changed=False, dry_run=True)

    def change_policy(self, wanted: SharedLimits, seen: SharedLimits, reason: str) -> Mapping[str, Any] | Refused:
        """Gives everybody other limits."""
        step = policy_step(self._store, wanted)
        if isinstance(step, Refusal):
            return refused_of(step)
        changed = change_policy_blocking(self._store, wanted, seen, reason, actor=CLI)
        if isinstance(changed, Refusal):
            return refused_of(changed)
        return self._told(step, is_changed=changed.position > 0, dry_run=False)

    def _status(self, user: str, changed: Changed | Refusal) -> Mapping[str, Any] | Refused:
        if isinstance(changed, Refusal):
            return refused_of(changed)
        return {**quota_status(self._store, user), "changed": changed.position > 0}

    def _told(self, step: PolicyStep, *, is_changed: bool, dry_run: bool) -> dict[str, Any]:
        former, limits = (
            {**shared._asdict(), "windows": told_windows(shared.windows), "unenforced": list(shared.unenforced or ())}
            for shared in (step.former, step.limits)
        )
        over = {**step.over._asdict(), "windows": dict(over_windows(self._store, step))}
        return {"former": former, "limits": limits, "over": over, "changed": is_changed, "dry_run": dry_run}

    async def _generate(self, user: str, request: GenerationRequest) -> GenerationOutcome:
        from adapters.bootstrap.making import make_generator, studio_settings

        generator = make_generator(self._config)
        studio = Studio(self._store, generator, studio_settings(self._config, self._store))
        try:
            return await studio.generate(user, request, actor=CLI)
        finally:
            await studio.close()
            await generator.aclose()


def _made(made: Generated) -> Made:
    pictures = []
    for picture in made.pictures:
        image, not_kept = picture.image, picture.not_kept
        described = None if image is None else {name: getattr(image, name) for name in IMAGE_MEMBERS}
        reason = None if not_kept is None else sentence_of_not_kept(not_kept)
        pictures.append(MadePicture(described, picture.seed, reason, picture.media_type, picture.data))
    return Made(tuple(pictures), made.provider, made.model, round(made.seconds, 3), sentence_of_notes(made.notes))
