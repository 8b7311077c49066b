"""The sentences of the storage: one table from every refusal reason to words, beginning with the seeds' words where
they have some.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from adapters.wording.asks import closed_in_words
from adapters.wording.figures import counted, size_in_words
from adapters.wording.limits import amount_in_words, limit_in_words, unit_of
from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS
from domain.refusals import IMAGE, Reason, Refusal

OF_ESTIMATE = " (the estimate IMAGE_GEN_SIZE_MB)"
Sentence = Callable[[Refusal], str]


class Fitting(NamedTuple):
    """How many of the pictures that were asked for a limit would take: now, and with nothing used of it."""

    now: int
    ever: int


def fitting(refusal: Refusal) -> Fitting:
    """How many to ask for instead, by the figures of a limit's refusal. A file fits as a whole or not at all."""
    left = max(0, refusal.limit - refusal.used - refusal.held)
    if refusal.reason is Reason.DAILY_LIMIT:
        return Fitting(left, refusal.limit)
    if refusal.window is not None:
        each = refusal.asked.credits // max(1, refusal.asked.count) if unit_of(refusal.window) == CREDITS else 1
        return Fitting(left // max(1, each), refusal.limit // max(1, each))
    if not refusal.estimated:
        return Fitting(0, int(refusal.asked.bytes <= refusal.limit))
    each = max(1, refusal.asked.bytes // max(1, refusal.asked.count))
    return Fitting(left // each, refusal.limit // each)


def _daily(refusal: Refusal) -> str:
    asked, limit, used, (left, _) = refusal.asked.count, refusal.limit, refusal.used, fitting(refusal)
    anew = f"the count starts anew at {(refusal.resets_at or '')[:16].replace('T', ' ')} UTC."
    reached = f"Daily limit reached: {used} of {limit} generations are used today."
    if limit == 0:
        return f"{reached} This limit allows none on any day; an operator can raise it."
    if not left and asked > limit:
        return f"{reached} You asked for {asked}, more than a day allows: ask for at most {limit} when {anew}"
    if not left:
        return f"{reached}{f' You asked for {asked}.' if asked > 1 else ''} T{anew[1:]}"
    over = f"Over the daily limit: you asked for {counted(asked, 'generation')}"
    if asked <= limit:
        are = "is" if left == 1 else "are"
        return f"{over}, and {left} of {limit} {are} left today. Ask for at most {left}, or wait: {anew}"
    if not used:
        return f"{over}, and a day allows {limit}. Ask for at most {limit}."
    spent = f"a day allows {limit}, of which {used} {'is' if used == 1 else 'are'} used"
    return f"{over}, and {spent}. Ask for at most {left} now, or for {limit} when {anew}"


def _window(refusal: Refusal) -> str:
    return window_in_words(refusal, anew=f"It begins anew at {(refusal.resets_at or '')[:16].replace('T', ' ')} UTC.")


def window_in_words(refusal: Refusal, anew: str) -> str:
    """A limit of a window: what is used and held of it, what was asked for, what to do, and when it begins anew."""
    name = refusal.window or ""
    unit, of = unit_of(name), limit_in_words(name)
    asked = refusal.asked.credits if unit == CREDITS else refusal.asked.count
    left = max(0, refusal.limit - refusal.used - refusal.held)
    held = f", {_there_is(refusal.held, unit)} held for running requests" if refusal.held else ""
    of_it = f" of {amount_in_words(refusal.limit, unit)}"
    used = f"{_there_is(refusal.used, unit, of_it)} used{held}"
    needed = f"you asked for {amount_in_words(asked, unit)}, and {_there_is(left, unit)} left"
    return f"Limit reached: {of}. {used[0].upper()}{used[1:]}; {needed}. {_instead(refusal)}{anew}".rstrip()


def _there_is(amount: int, unit: str, of_it: str = "") -> str:
    """An amount with its verb, before what is said of it."""
    verb = "is" if amount == (PER_CREDIT if unit == CREDITS else 1) else "are"
    return f"{amount_in_words(amount, unit)}{of_it} {verb}"


def _instead(refusal: Refusal) -> str:
    """How many pictures fit what is left, where some do; and that a limit will never take so many."""
    now, ever = fitting(refusal)
    if not ever:
        return "That is more than the whole limit: an operator can raise it. "
    if now and refusal.asked.count > 1:
        return f"Ask for at most {now}. "
    return f"The whole limit has room for {ever}. " if refusal.asked.count > ever else ""


def _price_unknown(refusal: Refusal) -> str:
    model = refusal.detail or "this model"
    return (
        f"The price of {model} is not known, and a limit of credits applies. Nothing was paid. An operator can add it "
        "to CREDITS_EACH."
    )


def for_programs(refusal: Refusal) -> str:
    """The sentence for a program that makes pictures itself: it can tell the price with its reservation."""
    said = " Or tell with the reservation what one picture costs (credits_each)."
    return sentence_of(refusal) + (said if refusal.reason is Reason.PRICE_UNKNOWN else "")


def room_in_words(refusal: Refusal, held_for: str = "running generations", setting: str = "") -> str:
    """What follows "is full": what is used and held of a storage limit, and what was needed; of what is larger than the
    whole limit that it is. `setting` is named as that of an estimate.
    """
    pictures = "the next picture is" if refusal.asked.count == 1 else f"{refusal.asked.count} pictures are"
    if not fitting(refusal).ever:
        needs = size_in_words(refusal.asked.bytes)
        wanted = f"{pictures} expected to need {needs}{setting}" if refusal.estimated else f"this needs {needs}"
        return f": it is {size_in_words(refusal.limit)} in all, and {wanted}."
    held = f", {size_in_words(refusal.held)} are held for {held_for}" if refusal.held else ""
    used = f": {size_in_words(refusal.used)} of {size_in_words(refusal.limit)} are used{held}"
    needed = size_in_words(refusal.asked.bytes - refusal.asked.replaced_bytes)
    if not refusal.estimated:
        return f"{used}, and this needs {needed} more."
    left = size_in_words(max(0, refusal.limit - refusal.used - refusal.held))
    return f"{used}, so {left} are left, and {pictures} expected to need {needed}{setting}."


def what_makes_room(refusal: Refusal, make_room: str, otherwise: str) -> str:
    """What to do about a storage limit: `make_room`, fewer pictures where some would fit, and `otherwise` where neither
    helps.
    """
    now, ever = fitting(refusal)
    if not ever:
        return otherwise
    if now and refusal.asked.count <= ever:
        return f"Ask for at most {now}, or {make_room}"
    if now:
        return f"Ask for at most {now}; the whole of it has room for {ever}."
    if refusal.asked.count > ever:
        return f"Ask for at most {ever}, and {make_room}"
    return f"{make_room[0].upper()}{make_room[1:]}"


def _user_storage(refusal: Refusal) -> str:
    smaller = "the quota can be raised" if refusal.estimated else "save a smaller picture, or have the quota raised"
    room = room_in_words(refusal, setting=OF_ESTIMATE)
    advice = what_makes_room(
        refusal, "delete images to make room.", f"Deleting images is not enough: {smaller} by an operator."
    )
    return f"Your storage quota is full{room} {advice}"


def _pool_storage(refusal: Refusal) -> str:
    room = room_in_words(refusal, setting=OF_ESTIMATE)
    advice = what_makes_room(
        refusal,
        "an operator can run a cleanup, delete images, or raise MAX_GLOBAL_STORAGE_MB.",
        "Deleting images is not enough: an operator can raise MAX_GLOBAL_STORAGE_MB.",
    )
    return f"Server storage is full{room} {advice}"


def _busy(refusal: Refusal) -> str:
    if not refusal.limit:
        return "Too many requests are waiting. Nothing was changed; try again in a moment."
    return (
        f"You have {refusal.used} requests under way, as many as are worked on for one user. "
        "Nothing was changed; try again when one of them is done."
    )


def _ask_limit(refusal: Refusal) -> str:
    if refusal.resets_at is None:
        return f"{counted(refusal.used, 'request')} for more wait for the managers already. Try again later."
    anew = refusal.resets_at[:16].replace("T", " ")
    return f"You asked for more {counted(refusal.used, 'time')} today. You can ask again from {anew} UTC on."


def _not_found(refusal: Refusal) -> str:
    if refusal.what != IMAGE:
        of = f"{refusal.user} has no" if refusal.user else "There is no"
        return f"{of} {refusal.what} {refusal.detail}. It was taken away, or its name is spelled in another way."
    return f"Image not found: {refusal.detail}. It was deleted, or its name is spelled in another way."


def _name_taken(refusal: Refusal) -> str:
    if refusal.what != IMAGE:
        return f"There is a {refusal.what} {refusal.detail} already. Choose another name."
    return (
        f"The name {refusal.detail} is taken by a folder or file that is not one of the saved images. "
        "Choose another name; `abby adopt` brings existing files in."
    )


SENTENCES: dict[Reason, Sentence] = {
    Reason.MALFORMED: lambda refusal: refusal.detail,
    Reason.CLOCK_BEHIND: lambda refusal: (
        f"The clock of this computer is more than a day behind the log, which goes up to {refusal.detail}. "
        "One of the two is wrong. If the clock is right now, run `abby clock-corrected`; else set the clock."
    ),
    Reason.REQUEST_CONFLICT: lambda _: (
        "This request key was used before for something else. Send a new key with a new request."
    ),
    Reason.REQUEST_RUNNING: lambda _: "This request is still being worked on. Ask again in a moment with the same key.",
    Reason.NOT_FOUND: _not_found,
    Reason.UNKNOWN_RESERVATION: lambda _: (
        "This reservation is not open: it was used up, released or has expired, or it is another user's. Reserve anew."
    ),
    Reason.NAME_TAKEN: _name_taken,
    Reason.LIMITS_CHANGED: lambda refusal: (
        f"The limits are no longer as they were seen: {refusal.detail}. Somebody changed them meanwhile, so nothing "
        "was changed now. Look at the limits in force, then decide again."
    ),
    Reason.OFFER_CHANGED: lambda refusal: (
        f"The offer {refusal.detail} is gone, or another by now. Nothing was changed. Look at what is offered, then "
        "decide again."
    ),
    Reason.CLAIMED_TODAY: lambda refusal: (
        "The points of this day were taken already. The next ones are there at "
        f"{(refusal.resets_at or '')[:16].replace('T', ' ')} UTC."
    ),
    Reason.POINTS_SHORT: lambda refusal: (
        f"This takes {counted(refusal.used, 'point')}, and {counted(refusal.limit, 'point')} are there. "
        "Nothing was changed."
    ),
    Reason.ASK_OPEN: lambda refusal: (
        f"Your request {refusal.detail} is not answered yet, and there is one at a time. Wait for its answer, or "
        "withdraw it and ask anew."
    ),
    Reason.ASK_LIMIT: _ask_limit,
    Reason.ASK_CLOSED: lambda refusal: closed_in_words(refusal.what, refusal.detail),
    Reason.NOT_ALLOWED: lambda refusal: (
        f"Your tier does not allow {refusal.detail or 'this'}. Ask for something that it allows."
    ),
    Reason.PRICE_UNKNOWN: _price_unknown,
    Reason.DAILY_LIMIT: _daily,
    Reason.WINDOW_LIMIT: _window,
    Reason.USER_STORAGE: _user_storage,
    Reason.POOL_STORAGE: _pool_storage,
    Reason.BUSY: _busy,
    Reason.STOPPED: lambda _: "The storage is shutting down. Nothing was changed; try again after its restart.",
}

LIMIT_REASONS = frozenset({Reason.DAILY_LIMIT, Reason.WINDOW_LIMIT, Reason.USER_STORAGE, Reason.POOL_STORAGE})
QUOTA_REASONS = LIMIT_REASONS | {Reason.PRICE_UNKNOWN}
"""Refusals by a limit: their sentences stand alone, the others follow "Error saving image: "."""


def figures_of(refusal: Refusal) -> dict[str, int | float]:
    """The figures of a limit's refusal for programs: places, bytes, or credits with up to three decimals."""
    figures = {"limit": refusal.limit, "used": refusal.used, "held": refusal.held}
    if refusal.window is None or unit_of(refusal.window) != CREDITS:
        return {**figures}
    return {name: amount / PER_CREDIT for name, amount in figures.items()}


def sentence_of(refusal: Refusal) -> str:
    """A refusal in words: what happened, why, what to do."""
    return SENTENCES[refusal.reason](refusal)
