"""From which tier a limit was, and by which lines the user had it: of a decision that is explained."""

from __future__ import annotations

from adapters.history.explaining import described
from adapters.wording.explanations import Reader, told
from domain.events import Event
from domain.tiers import OF_TIER, OWN, Source
from projections.explanation import Explanation, explain
from tests.domain.examples import (
    USER,
    assigned,
    no_tier,
    on,
    overridden,
    policy,
    refused,
    reserved,
    seen,
    tier,
    unassigned,
)

ROLE, DAY = "guild:9/role:5", "user/day/generations"
REFUSED = refused(limit=3, used=3)


def explained(*history: Event) -> Explanation:
    found = explain(list(enumerate(history, 1)), len(history), USER)
    assert found is not None
    return found


def limits_said(*history: Event, reader: Reader = Reader.OPERATOR) -> list[str]:
    return list(told(explained(*history), reader).limits)


def test_a_limit_of_a_tier_is_told_as_that_with_the_lines_that_gave_it() -> None:
    """How the tier was set last, and by whose hand it is the user's."""
    history: list[Event] = [
        policy(daily=1),
        tier(daily=2),
        tier(daily=3, user_bytes=9),
        assigned(until=on(20)),
        REFUSED,
    ]
    assert limits_said(*history)[:3] == [
        "In force: 3 generations a day, by the tier gold.",
        "Position 3, 2026-03-10 12:00 UTC: the tier gold was set to 3 generations a day (library): a tier.",
        (
            "Position 4, 2026-03-10 12:00 UTC: the user was given the tier gold by hand until 2026-03-20 12:00 UTC "
            "(library): a friend."
        ),
    ]
    found = described(explained(*history))
    assert {"limit": DAY, "whose": "tier", "tiers": ["gold"]} in found["limits"]["sources"]
    assert [(line["position"], line["type"]) for line in found["tiers_set"]] == [
        (3, "TierDefined"),
        (4, "TierAssigned"),
    ]


def test_a_tier_by_a_group_is_told_with_the_group_to_operators_alone() -> None:
    """Others hear of the tier; who gave it, why, and which role it was they do not."""
    history: list[Event] = [policy(daily=1), tier(daily=3, groups=(ROLE,)), seen(ROLE), REFUSED]
    assert limits_said(*history)[2] == (
        "Position 3, 2026-03-10 12:00 UTC: the user was seen in a group of the tier gold (guild:9/role:5 at guild:9)."
    )
    for reader in (Reader.USER, Reader.MANAGER):
        assert limits_said(*history, reader=reader)[1:3] == [
            "Position 2, 2026-03-10 12:00 UTC: the tier gold was set to 3 generations a day.",
            "Position 3, 2026-03-10 12:00 UTC: the user was seen in a group of the tier gold.",
        ]


def test_each_limit_of_what_was_allowed_says_its_own_source() -> None:
    """Own limits, tiers and everybody's beside each other; what the tier says of other limits stands with those."""
    history: list[Event] = [policy(daily=1, user_bytes=10**7), tier(daily=3), tier("big", user_bytes=2**30), assigned(),
               assigned("big"), overridden(daily=2), reserved()]  # fmt: skip
    found = explained(*history)
    assert [found.sources[name] for name in (DAY, "user/storage", "pool/storage")] == [
        Source(OWN), Source(OF_TIER, ("big",)), Source(),
    ]  # fmt: skip
    lines = limits_said(*history)
    assert [line.rpartition(", ")[2] for line in lines[:3]] == [
        "the user's own limit.", "by the tier big.", "the limit for everybody.",
    ]  # fmt: skip
    assert [position for position, _ in found.tier_lines] == [3, 5]


def test_a_tier_that_gave_nothing_is_in_no_explanation() -> None:
    """It was taken back or away, was over, or is another user's."""
    for ending in ([unassigned()], [no_tier()], [assigned(until=on(10))], []):
        given = [assigned()] if ending else []
        found = explained(policy(daily=3), tier(daily=9), *given, *ending, REFUSED)
        assert (found.sources[DAY], found.tier_lines) == (Source(), ())


def test_a_tier_that_is_given_ends_what_is_not_recorded() -> None:
    """After the 20th refusal it stood so until the limit was another."""
    last = refused(limit=1, used=1, last=True)
    history: list[Event] = [policy(daily=1), tier(daily=3), reserved(), last, reserved("other", user="2"), assigned()]
    found = explain(list(enumerate(history, 1)), 4, USER)
    assert found is not None
    assert found.unrecorded is not None
    assert found.unrecorded.position == 6
