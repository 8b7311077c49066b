"""Why a limit of a window refused, what a tried one would have, and which grant bore what: by the lines of one user."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from adapters.wording.explanations import Told, told
from domain.commands import Command
from domain.events import Asked, Event, LimitExceeded, RequestRefused, tags_of
from domain.grants import Draw
from projections.explanation import Explanation, explain
from tests.domain.examples import (
    BY,
    NOON,
    USER,
    completed,
    granted,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    saved,
    saved_plainly,
)
from tests.projections.all_kinds import batches_of_all_kinds
from tests.projections.recorded import batches_of

some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
MONTHLY = "user/month/credits"
WALLET = "pool/month/credits"
POLICY = policy(windows=((MONTHLY, 1_000), (WALLET, 5_000)))
ASKED = Asked(1, 100, 0, 400)


def explained(*history: Event, position: int | None = None) -> Explanation:
    found = explain(list(enumerate(history, 1)), position or len(history), USER)
    assert found is not None
    return found


def said(*history: Event) -> Told:
    return told(explained(*history))


def exceeded(window: str | None = MONTHLY, reason: str = "WINDOW_LIMIT") -> LimitExceeded:
    return LimitExceeded(NOON, USER, BY, reason, "ReserveGeneration", ASKED, 1_000, 900, 0, window=window)


def test_a_users_window_is_explained_by_its_lines() -> None:
    """What was held, settled for less and freed, in the window of the day that was charged."""
    history: list[Event] = [
        POLICY,
        reserved("old", at=on(10), credits_each=400),
        completed("old", at=on(11), cost=300),
        saved(at=on(11), reservation="old"),
        reserved("r2", at=on(11), credits_each=600),
        refused("WINDOW_LIMIT", at=on(11), asked=ASKED, limit=1_000, used=300, held=600, window=MONTHLY),
    ]
    found = explained(*history)
    (use,) = found.windows
    assert found.agrees is True
    assert [(line.position, line.window_credits) for line in use.lines] == [(2, 400), (3, -100), (5, 600)]
    lines = told(found).windows
    assert lines[0] == (
        "Just before, 0.3 credits of 1 credit were used and 0.6 credits held since 2026-03-01 "
        "(credits a month for one user):"
    )
    assert (
        lines[2] == "Position 3, 2026-03-11 12:00 UTC: 0.1 credits less, as 1 picture cost another sum than was held."
    )
    assert told(found).headline.startswith("Refused by the limit of credits a month for one user, ")


def test_what_the_record_says_otherwise_is_found() -> None:
    """A user's own window is in their lines."""
    history: list[Event] = [
        POLICY,
        refused("WINDOW_LIMIT", asked=ASKED, limit=1_000, used=300, held=600, window=MONTHLY),
    ]
    assert explained(*history).agrees is False


def test_of_a_window_that_others_share_the_record_alone_tells() -> None:
    """Nobody else's lines are in it."""
    found = explained(POLICY, refused("WINDOW_LIMIT", asked=ASKED, limit=5_000, used=4_900, window=WALLET))
    assert found.agrees is None
    assert told(found).windows == (
        (
            "Just before, 4.9 credits of 5 credits were used since 2026-03-01 (credits a month for all together). "
            "Others share this limit; which of them used it is no part of this user's lines."
        ),
    )


def test_who_set_a_window_and_when_is_told_from_old_to_new() -> None:
    """For everybody, for the user alone, and taken away."""
    history: list[Event] = [
        POLICY,
        overridden(windows=((MONTHLY, 2_000),)),
        policy(source="manager", by="discord:1", reason="a trial"),
        refused("WINDOW_LIMIT", asked=ASKED, limit=2_000, used=0, window=MONTHLY),
    ]
    assert said(*history).limits == (
        "In force: 2 credits a month, the user's own limit.",
        "Position 1, 2026-03-10 12:00 UTC: 1 credit a month for one user, by a setting of the service (library).",
        "Position 2, 2026-03-10 12:00 UTC: 2 credits a month for this user alone (library): a friend.",
        (
            "Position 3, 2026-03-10 12:00 UTC: the limit of credits a month for one user was taken away, "
            "by a manager (discord:1): a trial."
        ),
    )


def test_what_a_limit_that_is_tried_out_would_have_refused_is_told_with_what_went_on() -> None:
    """Asked for by any of its lines, a save with its own place too."""
    tried = policy(windows=((MONTHLY, 1_000),), unenforced=(MONTHLY,))
    for position in (2, 3):
        found = explained(tried, exceeded(), reserved(credits_each=400), position=position)
        assert (found.position, [type(event).__name__ for event in found.events]) == (
            2, ["LimitExceeded", "GenerationReserved"],
        )  # fmt: skip
    assert told(found).windows[0] == (
        "The limit of credits a month for one user is only tried out; it would have refused this: 0.9 credits of "
        "1 credit were used, and 0.4 credits asked for."
    )
    for position in (2, 3, 4):
        found = explained(policy(unenforced=("user/storage",)), exceeded(None, "USER_STORAGE"), *saved_plainly(),
                          position=position)  # fmt: skip
        assert (found.position, len(found.events)) == (2, 3)


def test_which_grant_bore_what_and_what_went_back_is_told() -> None:
    """With what is left of it."""
    history: list[Event] = [
        policy(daily=0),
        granted(amount=3),
        reserved(count=2, drawn=(Draw("g1", "generations", 2),)),
    ]
    assert said(*history).grants == (
        (
            "Beyond the limits, 2 generations of grant g1, given at position 2, 2026-03-10 12:00 UTC: "
            "1 generation of 3 generations left."
        ),
    )
    back = released(count=2, refunded=0, returned=(Draw("g1", "generations", 2),))
    found = said(*history, back)
    assert (found.headline[:10], found.sentence) == ("Given back", "It failed; nothing was counted.")
    assert found.grants == ("2 generations went back to grant g1.",)


@some
@given(batches_of_all_kinds)
def test_the_lines_of_a_user_give_every_refusal_by_a_window_of_theirs(
    history: list[tuple[int, list[Command]]],
) -> None:
    """Whatever was drawn, settled, freed and reset before; and each has its sentences."""
    recorded, _ = batches_of(history)
    lines = [line for batch in recorded for line in batch]
    for position, event in lines:
        if isinstance(event, RequestRefused | LimitExceeded):
            own = [one for one in lines if {f"user:{event.user}", "policy"} & set(tags_of(one[1]))]
            found = explain(own, position, event.user)
            assert found is not None
            assert found.agrees is not False
            assert told(found).lines
