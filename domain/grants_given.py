"""Decisions about grants: give one, void one. What is drawn from them is decided with a reservation."""

from __future__ import annotations

from domain.commands import GiveGrant, VoidGrant
from domain.events import Event, GrantGiven, GrantVoided
from domain.grants import available
from domain.refusals import Reason, Refusal
from domain.view import View

GRANT = "grant"
"""What was not found or taken, in a refusal."""
MAX_GRANTS = 1_000
"""Grants of one user that have something left."""


def decide_grants(command: GiveGrant | VoidGrant, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """What follows from a command about a grant."""
    return give(command, view, at) if isinstance(command, GiveGrant) else void(command, view, at)


def give(command: GiveGrant, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """GrantGiven, under an id that no grant has."""
    if view.grant(command.user, command.grant) is not None:
        return Refusal(Reason.NAME_TAKEN, command.user, command.grant, what=GRANT)
    if sum(1 for grant in view.grants(command.user) if available(grant, at)) >= MAX_GRANTS:
        return Refusal(
            Reason.MALFORMED, command.user, f"A user has at most {MAX_GRANTS} grants. Void one that is not needed."
        )
    return (
        GrantGiven(
            at=at,
            user=command.user,
            by=command.by,
            grant=command.grant,
            unit=command.unit,
            amount=command.amount,
            source=command.source,
            reason=command.reason,
            priority=command.priority,
            expires_at=command.expires_at,
            rollover=command.rollover,
            rollover_until=command.rollover_until,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def void(command: VoidGrant, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """GrantVoided; nothing where it is void already."""
    grant = view.grant(command.user, command.grant)
    if grant is None:
        return Refusal(Reason.NOT_FOUND, command.user, command.grant, what=GRANT)
    if grant.voided:
        return ()
    return (
        GrantVoided(
            at=at,
            user=command.user,
            by=command.by,
            grant=command.grant,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )
