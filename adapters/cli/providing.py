"""`abby providers`: which services make pictures, which of them GENERATOR chooses and why, and whether they work.

All that are set up are asked at once, within ASK_SECONDS, for what costs nothing. What a service says is shown without
secrets and without what would steer a terminal. Which one is chosen is the rule of `adapters.generation.providers`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.cli.tables import add_row, table
from adapters.generation.configured import provider_settings
from adapters.generation.ended_models import ended_model
from adapters.generation.providers import (
    PROVIDERS,
    ProviderSettings,
    choice_of,
    provider_module,
    why_none,
)
from adapters.observability.redaction import Redactor
from adapters.ports.failure_reasons import NotSetUp
from adapters.ports.failures import GenerationFailure
from adapters.wording.failures import sentence_beside_name, sentence_of_failure

ASK_SECONDS = 20.0
MODELS_SHOWN = 3
CLOSING = "Settings go into the file .env (see .env.example); GENERATOR=NAME there chooses a provider."


class State(StrEnum):
    """How a provider stands."""

    READY = "ready"
    TROUBLE = "trouble"
    NOT_SET_UP = "not_set_up"


class ProviderCheck(NamedTuple):
    """One provider as it stands; `missing` and `trouble` say what to do, each "" in every other state."""

    name: str
    state: State
    missing: str = ""
    trouble: str = ""
    credits: float | None = None
    models: tuple[str, ...] = ()


_WORDS = {State.READY: "OK", State.TROUBLE: "FAIL", State.NOT_SET_UP: "-"}


def providers(invocation: Invocation, output: Output) -> int:
    """Shows every provider; UNAVAILABLE where the chosen one does not work."""
    config = invocation.set_up()
    if config.origin("LOG_LEVEL") == "default":
        logging.getLogger().setLevel(logging.ERROR)  # each trouble is told in the answer
    settings = provider_settings(config)
    with output.waiting("The image services are being asked..."):
        checks = asyncio.run(ask_all(settings))
    answer = answer_of(settings, checks, Redactor(config.secrets()))
    output.answer(answer, lambda console: _print(console, answer))
    return Exit.DONE if answer["works"] else Exit.UNAVAILABLE


async def ask_all(settings: ProviderSettings, seconds: float = ASK_SECONDS) -> list[ProviderCheck]:
    """How each provider stands, in the order of the table; those that are set up are asked beside each other."""
    return list(await asyncio.gather(*(_ask(name, settings, seconds) for name in PROVIDERS)))


async def _ask(name: str, settings: ProviderSettings, seconds: float) -> ProviderCheck:
    module = provider_module(name)
    if missing := module.missing(settings):
        return ProviderCheck(name, State.NOT_SET_UP, missing=sentence_beside_name(GenerationFailure(NotSetUp(missing))))
    provider = module.make_provider(settings)
    try:
        async with asyncio.timeout(seconds):
            report = await provider.report()
    except TimeoutError:
        silent = f"It did not answer within {seconds:g} seconds. Check its address and the network."
        return ProviderCheck(name, State.TROUBLE, trouble=silent)
    finally:
        await provider.close()
    trouble = "" if report.trouble is None else sentence_beside_name(report.trouble)
    state = State.TROUBLE if trouble else State.READY
    return ProviderCheck(name, state, trouble=trouble, credits=report.credits, models=report.models)


def answer_of(settings: ProviderSettings, checks: Sequence[ProviderCheck], redactor: Redactor) -> dict[str, Any]:
    """What is told of the providers that were asked, without secrets."""
    choice = choice_of(settings)
    works = any(check.name == choice.name and check.state is State.READY for check in checks)
    rows = [
        check._asdict()
        | {"trouble": redactor.text(check.trouble), "models": [redactor.text(model) for model in check.models]}
        for check in checks
    ]
    return {
        "generator": settings.generator,
        "chosen": choice.name,
        "why": choice.why,
        "works": works,
        "advice": "" if works else _advice(settings, choice.name),
        "ended": ended_model(settings),
        "providers": rows,
    }


def _advice(settings: ProviderSettings, chosen: str | None) -> str:
    none = why_none(settings)
    if none is not None:
        return sentence_of_failure(none)
    return (
        f"No picture can be made by {chosen} now; beside its name stands why. Check its key, its address and the "
        "network (docs/providers.md names the settings), then run `abby providers` again. "
        "GENERATOR=sketch draws offline meanwhile."
    )


def _print(console: Console, answer: Mapping[str, Any]) -> None:
    opening = "Pictures are made by" if answer["works"] else "No pictures are made at the moment. Chosen is"
    console.print(f"{opening}: {answer['chosen'] or 'nobody'}. {answer['why']}", markup=False)
    console.print()
    shown = table("Providers of images", ("", "provider", "credits", "models, or what to do"), right=("credits",))
    for row in answer["providers"]:
        left = "" if row["credits"] is None else f"{row['credits']:,.2f}"
        add_row(shown, _WORDS[row["state"]], row["name"], left, row["missing"] or row["trouble"] or _few(row["models"]))
    console.print(shown)
    for said in (answer["advice"], answer["ended"]):
        if said:
            console.print(said, markup=False)
    console.print(CLOSING, markup=False)


def _few(models: Sequence[str]) -> str:
    """The first models and how many more there are."""
    named = ", ".join(models[:MODELS_SHOWN]) or "It has no list of its models."
    more = len(models) - MODELS_SHOWN
    return f"{named} and {more:,} more" if more > 0 else named
