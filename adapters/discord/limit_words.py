"""Limits in members' words: whose one is, what is left of it, and why it said no.

Two of three limits are not a member's alone: those of a server and of all together are used up by everybody, and are
told so. Operators read the words of `adapters.wording.limits`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.discord.untrusted_text import plain
from adapters.wording.limits import OF_ONE_USER, amount_in_words, joined, limit_in_general, tiers_in_words
from adapters.wording.refusals import fitting
from domain.credits import PER_CREDIT, in_credits
from domain.limit_names import CREDITS, DAY, GUILD, MONTH, POOL, USER, WEEK
from domain.refusals import Refusal
from domain.tiers import OF_TIER, OWN

TIERS_CHARACTERS = 200
MOST_GRANTS = 8
"""Grants of which each has a line of its own."""
_WHOSE = {USER: "your", GUILD: "this server's", POOL: "the bot's"}
_ICONS = {USER: "📏", GUILD: "🏠", POOL: "🌍"}
_WHEN = {DAY: "today", WEEK: "this week", MONTH: "this month"}
_SHARED = {
    GUILD: "Everybody in this server shares them.",
    POOL: "Everybody who uses this bot shares them, in all servers.",
}
_RAISED = {USER: "The server's managers can raise it.", POOL: "Only whoever runs the bot can raise it."}
_SOURCES = {
    "manager": "from a manager",
    "earned": "earned",
    "bought": "bought",
    "gifted": "a gift",
    "asked": "asked for",
}


def title_of(name: str) -> str:
    """What a limit is called above its figures: "Your Credits This Month"."""
    scope, window, unit = name.split("/")
    words = f"{_WHOSE[scope]} {unit} {_WHEN[window]}".split()
    return " ".join([_ICONS[scope], *(f"{word[0].upper()}{word[1:]}" for word in words)])


def left_in_words(of: Mapping[str, Any]) -> str:
    """What is left of a limit of the quota dictionary: "14.5 of your 20 credits are left this month"."""
    scope, window, unit = of["limit"].split("/")
    left, most = (written(of[part], unit) for part in ("remaining", "most"))
    return f"{left} of {_WHOSE[scope]} {most} {unit} {'is' if left == '1' else 'are'} left {_WHEN[window]}"


def credits_left(windows: Sequence[Mapping[str, Any]]) -> str:
    """The same of the limit of credits that has least left; "" where credits are not limited."""
    of_credits = [of for of in windows if of["unit"] == CREDITS and of["enforced"]]
    return left_in_words(min(of_credits, key=lambda of: of["remaining"])) if of_credits else ""


def sources_in_words(status: Mapping[str, Any]) -> list[str]:
    """A line for each source of limits of the quota dictionary that is not everybody's: tiers, and one's own."""
    found: dict[str, list[str]] = {}
    for one in status["sources"]:
        what = limit_in_general(one["limit"]).removesuffix(OF_ONE_USER)
        if one["whose"] == OF_TIER:
            found.setdefault(f"🎖️ By the {plain(tiers_in_words(one['tiers']), TIERS_CHARACTERS)}", []).append(what)
        elif one["whose"] == OWN:
            found.setdefault("📌 Own limits", []).append(what)
    if status["tiers"] and not any(one["whose"] == OF_TIER for one in status["sources"]):
        return [f"🎖️ In the {plain(tiers_in_words(status['tiers']), TIERS_CHARACTERS)}", *_told(found)]
    return _told(found)


def _told(found: Mapping[str, list[str]]) -> list[str]:
    return [f"{whose}: {joined(names)}" for whose, names in found.items()]


def grants_in_words(grants: list[Mapping[str, Any]]) -> list[str]:
    """A line for each of the grants that end first, and one for how many more there are."""
    ordered = sorted(grants, key=lambda grant: grant["ends_at"] or "9")
    lines = [_grant(grant) for grant in ordered[:MOST_GRANTS]]
    return [*lines, f"and {len(ordered) - MOST_GRANTS} more"] if len(ordered) > MOST_GRANTS else lines


def _grant(grant: Mapping[str, Any]) -> str:
    unit = grant["unit"]
    left = round(grant["left"] * PER_CREDIT) if unit == CREDITS else grant["left"]
    end = f", until <t:{int(datetime.fromisoformat(grant['ends_at']).timestamp())}:f>" if grant["ends_at"] else ""
    return f"• {amount_in_words(left, unit)}{end} ({_SOURCES[grant['source']]})"


def window_in_members_words(refusal: Refusal) -> str:
    """Why a limit of a window said no: whose it is, what is left, and how much would fit."""
    scope, window, unit = (refusal.window or "").split("/")
    if not refusal.limit:
        nobody = {USER: "you", GUILD: "anybody in this server"}.get(scope, "anybody")
        return f"There are no {unit} for {nobody} {_WHEN[window]}: this limit is 0. {_raised(scope)}"
    asked = refusal.asked.credits if unit == CREDITS else refusal.asked.count
    if not fitting(refusal).ever:
        most = amount_in_words(refusal.limit, unit)
        return (
            f"One picture takes {_number(asked // refusal.asked.count, unit)} {unit}, and {_WHOSE[scope]} limit is "
            f"{most} a {window}. {_raised(scope)}"
        )
    left = refusal.limit - refusal.used - refusal.held
    parts = [_what_is_left(refusal.window or "", refusal.limit, left, asked), _held(refusal, unit)]
    return " ".join(part for part in [*parts, _SHARED.get(scope, ""), _instead(refusal)] if part)


def _what_is_left(name: str, most: int, left: int, asked: int) -> str:
    scope, window, unit = name.split("/")
    if left > 0:
        is_left = "is" if _number(left, unit) == "1" else "are"
        of = f"{_number(left, unit)} of {_WHOSE[scope]} {amount_in_words(most, unit)} {is_left} left {_WHEN[window]}"
        return f"{of}, and this takes {_number(asked, unit)}."
    if scope == USER:
        return f"You've used all of your {amount_in_words(most, unit)} {_WHEN[window]}."
    whose = _WHOSE[scope]
    return f"{whose[0].upper()}{whose[1:]} {amount_in_words(most, unit)} {_WHEN[window]} are used up."


def _held(refusal: Refusal, unit: str) -> str:
    held = _number(refusal.held, unit)
    is_held, come = ("is", "comes") if held == "1" else ("are", "come")
    told = f"{held} of them {is_held} held for pictures under way, and {come} back if those fail."
    return told if refusal.held else ""


def _instead(refusal: Refusal) -> str:
    """How many pictures fit, now or after the reset."""
    now, ever = fitting(refusal)
    if now and refusal.asked.count > 1:
        return f"Ask for at most {now}, or wait."
    return f"Ask for at most {ever} after the reset." if refusal.asked.count > ever else ""


def _number(amount: int, unit: str) -> str:
    return in_credits(amount) if unit == CREDITS else str(amount)


def _raised(scope: str) -> str:
    return _RAISED.get(scope, _RAISED[POOL])


def written(amount: float, unit: str) -> str:
    """Figures of the dictionary, where credits are numbers as people write them."""
    return in_credits(round(amount * PER_CREDIT)) if unit == CREDITS else str(round(amount))
