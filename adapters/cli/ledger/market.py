"""`abby market` and `abby buy`: what is offered, what an operator offers and takes back, what is bought for a user."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple, cast

from rich.console import Console

from adapters.application.market_figures import ToldOffer, market_figures, offer_of
from adapters.bootstrap.storage import store_settings
from adapters.cli.exits import REFUSAL_EXITS
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.market_actions import Action
from adapters.cli.output import Output, Refused, malformed, refused_of
from adapters.cli.reach.access import open_reader, operations
from adapters.cli.reach.operations import Operations
from adapters.cli.tables import add_row, print_lines, table
from adapters.wording.points import offered
from domain.grants import BYTES
from domain.limit_names import CREDITS, GENERATIONS
from domain.limits import MEGABYTE
from domain.names import malformed_user
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal

NOTHING = "Nothing is offered. `abby market set` offers something."
ONE_OF = "Write one of --credits, --generations and --mb: an offer is of one thing."
OF_NOTHING = "An offer of nothing gives nothing: write more than 0."
NO_PRICE = "Write what it costs: --price N."
OF_SET = "--credits, --generations, --mb, --price and --days are for `set`, which replaces an offer whole."
OTHER_PRICE = "The offer {offer} costs {price:,} {called}, and not {wanted:,}. Nothing was bought."


class Parts(NamedTuple):
    """What an offer is made of, as it was written."""

    thousandths: int | None = None
    generations: int | None = None
    mb: float | None = None
    price: int | None = None
    days: int | None = None


class Wanted(NamedTuple):
    """What is to be done with which offer, and why."""

    action: Action
    offer: str | None
    parts: Parts
    reason: str


def market(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Shows what is offered, or changes it."""
    offer = _offer_of(wanted)
    if isinstance(offer, str):
        return output.refused(malformed(offer))
    if wanted.action is Action.LIST:
        return _show(invocation, output)
    with operations(invocation.set_up()) as ask:
        if offer is not None:
            answer = ask.set_offer(offer, wanted.reason)
        else:
            answer = ask.withdraw_offer(str(wanted.offer), wanted.reason)
    if isinstance(answer, Refused):
        return output.refused(answer)
    told = _told(wanted, offer) if answer["changed"] else f"{wanted.offer} is offered so already. Nothing was changed."
    output.answer(answer, lambda console: print_lines(console, told))
    return 0


def buy(invocation: Invocation, output: Output, user: str, offer: str, price: int | None) -> int:
    """Buys an offer for a user as it is now, where it costs what was said."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        answer = _bought(ask, user, offer, price)
    if isinstance(answer, Refused):
        return output.refused(answer)
    grant = f" Grant {answer['grant']} of {user}." if answer["grant"] else ""
    output.answer({"user": user, **answer}, lambda console: print_lines(console, f"{answer['sentence']}{grant}"))
    return 0


def _bought(ask: Operations, user: str, offer: str, price: int | None) -> Mapping[str, Any] | Refused:
    found = ask.market()
    if isinstance(found, Refused):
        return found
    told = next((one for one in found["offers"] if one["offer"] == offer), None)
    if told is None:
        return refused_of(Refusal(Reason.OFFER_CHANGED, user, offer))
    if price not in {None, told["price"]}:
        sentence = OTHER_PRICE.format(offer=offer, price=told["price"], called=found["called"], wanted=price)
        return Refused(Reason.OFFER_CHANGED.value, sentence, REFUSAL_EXITS[Reason.OFFER_CHANGED])
    return ask.buy(user, offer_of(cast("ToldOffer", told)))


def _offer_of(wanted: Wanted) -> Offer | str | None:
    """The offer that is written, None where none is to be set; or why it means nothing."""
    if wanted.action is not Action.SET and wanted.parts != Parts():
        return OF_SET
    if (wanted.offer is None) is not (wanted.action is Action.LIST):
        return f"Write it as: abby market {wanted.action}{'' if wanted.action is Action.LIST else ' OFFER'}."
    if wanted.action is not Action.SET:
        return None
    parts = wanted.parts
    size = None if parts.mb is None else round(parts.mb * MEGABYTE)
    amounts = {CREDITS: parts.thousandths, GENERATIONS: parts.generations, BYTES: size}
    written = [(unit, amount) for unit, amount in amounts.items() if amount is not None]
    if len(written) != 1:
        return ONE_OF
    ((unit, amount),) = written
    if parts.price is None:
        return NO_PRICE
    return Offer(str(wanted.offer), unit, amount, parts.price, parts.days) if amount else OF_NOTHING


def _told(wanted: Wanted, offer: Offer | None) -> str:
    if offer is None:
        return f"{wanted.offer} is no longer offered; what was bought of it stands."
    return f"{offer.offer} is offered now: {offered(offer.unit, offer.amount, offer.days)} for {offer.price:,}."


def _show(invocation: Invocation, output: Output) -> int:
    config = invocation.set_up()
    with closing(open_reader(config)) as reader:
        position, found = reader.running().state.position, market_figures(reader, store_settings(config))
        output.doubted(reader.running().stale)
    shown = [offer_of(one) for one in found["offers"]]
    output.answer({**found, "position": position}, lambda console: _print(console, found["called"], shown))
    return 0


def _print(console: Console, called: str, offers: list[Offer]) -> None:
    if not offers:
        print_lines(console, NOTHING)
        return
    shown = table("Offered, the cheapest first", ("offer", called, "what"), right=(called,))
    for one in offers:
        add_row(shown, one.offer, f"{one.price:,}", offered(one.unit, one.amount, one.days))
    console.print(shown)
