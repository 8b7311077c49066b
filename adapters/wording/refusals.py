"""The sentences of the storage: one table from every refusal reason to words, beginning with the seeds' words where
they have some.
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.wording.figures import size_in_words
from domain.refusals import Reason, Refusal

OF_ESTIMATE = " (the estimate IMAGE_GEN_SIZE_MB)"
Sentence = Callable[[Refusal], str]


def _daily(refusal: Refusal) -> str:
    asked = f" You asked for {refusal.asked.count}." if refusal.asked.count > 1 else ""
    resets_at = (refusal.resets_at or "")[:16].replace("T", " ")
    return (
        f"Daily limit reached: {refusal.used} of {refusal.limit} generations are used today.{asked} "
        f"The count starts anew at {resets_at} UTC."
    )


def room_in_words(refusal: Refusal, held_for: str = "running generations", setting: str = "") -> str:
    """What is used and held of a storage limit, and what was needed; `setting` is named as that of an estimate."""
    held = f", {size_in_words(refusal.held)} are held for {held_for}" if refusal.held else ""
    used = f"{size_in_words(refusal.used)} of {size_in_words(refusal.limit)} are used{held}"
    needed = size_in_words(refusal.asked.bytes - refusal.asked.replaced_bytes)
    if not refusal.estimated:
        return f"{used}, and this needs {needed} more."
    left = size_in_words(max(0, refusal.limit - refusal.used - refusal.held))
    pictures = "the next picture is" if refusal.asked.count == 1 else f"{refusal.asked.count} pictures are"
    return f"{used}, so {left} are left, and {pictures} expected to need {needed}{setting}."


def _busy(refusal: Refusal) -> str:
    if not refusal.limit:
        return "Too many requests are waiting. Nothing was changed; try again in a moment."
    return (
        f"You have {refusal.used} requests under way, as many as are worked on for one user. "
        "Nothing was changed; try again when one of them is done."
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
    Reason.NOT_FOUND: lambda refusal: (
        f"Image not found: {refusal.detail}. It was deleted, or its name is spelled in another way."
    ),
    Reason.UNKNOWN_RESERVATION: lambda _: (
        "This reservation is not open: it was used up, released or has expired, or it is another user's. Reserve anew."
    ),
    Reason.NAME_TAKEN: lambda refusal: (
        f"The name {refusal.detail} is taken by a folder or file that is not one of the saved images. "
        "Choose another name; `abby adopt` brings existing files in."
    ),
    Reason.LIMITS_CHANGED: lambda refusal: (
        f"The limits are no longer as they were seen: {refusal.detail}. Somebody changed them meanwhile, so nothing "
        "was changed now. Look at the limits in force, then decide again."
    ),
    Reason.DAILY_LIMIT: _daily,
    Reason.USER_STORAGE: lambda refusal: (
        f"Your storage quota is full: {room_in_words(refusal, setting=OF_ESTIMATE)} Delete images to make room."
    ),
    Reason.POOL_STORAGE: lambda refusal: (
        f"Server storage is full: {room_in_words(refusal, setting=OF_ESTIMATE)} "
        "An operator can run a cleanup, delete images, or raise MAX_GLOBAL_STORAGE_MB."
    ),
    Reason.BUSY: _busy,
    Reason.STOPPED: lambda _: "The storage is shutting down. Nothing was changed; try again after its restart.",
}

QUOTA_REASONS = frozenset({Reason.DAILY_LIMIT, Reason.USER_STORAGE, Reason.POOL_STORAGE})
"""Refusals by a limit: their sentences stand alone, the others follow "Error saving image: "."""


def sentence_of(refusal: Refusal) -> str:
    """A refusal in words: what happened, why, what to do."""
    return SENTENCES[refusal.reason](refusal)
