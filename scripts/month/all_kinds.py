"""What the users of a simulated month do where all kinds of limits are in use: windows, prices, tiers, grants, points.

Everything else is as in any other month (`life.py`). Prices and costs are thousandths of credits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from adapters.ledger.pending import Outcome
from domain.commands import (
    ChangePolicy,
    CompleteGeneration,
    GiveGrant,
    ReserveGeneration,
    SetPolicy,
    VoidGrant,
)
from domain.instants import day_of
from domain.limits import MEGABYTE, SharedLimits, UserLimits
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.refusals import Reason, Refusal
from domain.tier_commands import AssignTier, DefineTier, UnassignTier
from scripts.month.life import Life

PRICES = (
    *[("sketch", "sketch", 0)] * 6, *[("openai", "gpt-image-1", 4_200)] * 10, *[("stability", "core", 3_000)] * 8,
    ("openai", "gpt-image-next", None),
)  # fmt: skip
"""Who is asked and what that costs, as often as it stands here; of the newest model nobody has written down a price."""
EVENTS_A_PICTURE = 6
PRICE_OF_MANY = 3_000
TRIED = ("guild/day/generations", "user/month/credits")
BOOSTERS = "guild:801/role:1"
MANAGER = "discord:mod-1"
A_DAY, A_MARK = 5, 1
"""Points that are earned."""
OFFERS = (
    Offer("ten-pictures", "generations", 10, 20, 7),
    Offer("some-credits", "credits", 15_000, 12),
    Offer("some-room", "bytes", 20 * MEGABYTE, 9, 30),
)


class AllKinds(Life):
    """One month of them."""

    def _acts(self) -> dict[Callable[[str], None], int]:
        return super()._acts() | {self._give: 30, self._trade: 120, self._mark: 40, self._rank: 10}

    def _planned(self) -> list[tuple[float, Callable[[], object]]]:
        turns: list[tuple[float, Callable[[], object]]] = [
            (0.0, self._begin),
            (0.5, lambda: self._do(ChangePolicy(MANAGER, "the trial is over", SharedLimits(unenforced=TRIED[:1])))),
            (0.7, lambda: self._do(SetOffer(MANAGER, OFFERS[0]._replace(price=15), "a sale"))),
            (0.8, lambda: self._do(WithdrawOffer(MANAGER, OFFERS[2].offer, "the disk is full"))),
        ]
        return sorted([*super()._planned(), *turns], key=lambda turn: turn[0])

    def _begin(self) -> None:
        """Limits of windows, tiers and offers, as large as what is done."""
        a_day = self.shape.events / EVENTS_A_PICTURE / self.shape.days
        a_week = max(10, round(a_day / self.shape.users * 7))
        a_month = round(a_day * 30 * PRICE_OF_MANY)
        windows = (
            ("user/week/generations", a_week),
            ("guild/day/generations", max(4, round(a_day / 4))),
            ("user/month/credits", a_month * 3 // 4 // self.shape.users),
            ("pool/month/credits", a_month * 3 // 4),
        )
        self._do(SetPolicy("cli", "environment", windows=windows, unenforced=TRIED, tell_at=(80, 95, 100)))
        more = UserLimits(daily=9, windows=(("user/week/generations", 2 * a_week),))
        self._do(DefineTier(MANAGER, "boosters", more, "they pay for it", groups=(BOOSTERS,), weight=2))
        self._do(DefineTier(MANAGER, "guests", UserLimits(daily=3), "for a look", operations=("text_to_image",)))
        for offer in OFFERS:
            self._do(SetOffer(MANAGER, offer, "the market opens"))

    # -- generations -------------------------------------------------------------------------------

    def _asked(self, command: ReserveGeneration) -> ReserveGeneration:
        """With who is asked, what that costs, and the roles of a member."""
        provider, model, each = PRICES[int(command.reservation[:8], 16) % len(PRICES)]
        command = command._replace(provider=provider, model=model, credits_each=each)
        if command.origin is None or not command.origin.startswith("guild:"):
            return command
        has_role = command.origin == BOOSTERS.partition("/")[0] and int(command.user[-2:]) % 2 == 0
        return command._replace(groups=(BOOSTERS,) if has_role else (), place=command.origin)

    def _told(self, command: CompleteGeneration) -> CompleteGeneration:
        """By whom it was made, and what that cost, where it is another sum than the price."""
        number = int(command.reservation[:8], 16)
        provider, model, each = PRICES[number % len(PRICES)]
        times = (0, 0, 0, 1, 3)[number % 5]
        cost = (each or 0) * command.count * times // 2 or None
        reported = None if cost is None else cost / 1_000
        return command._replace(provider=provider, model=model, cost=cost, credits=reported)

    def _refused(self, user: str, outcome: Outcome) -> bool:
        if isinstance(outcome, Refusal) and outcome.reason is Reason.WINDOW_LIMIT and self._random.random() < 0.6:
            self._stopped[user] = day_of(self._clock())
        return super()._refused(user, outcome)

    # -- what else is in use -----------------------------------------------------------------------

    def _give(self, user: str) -> None:
        """A grant, mostly with an end, after which a part of it may stay; or one is taken away."""
        given = [grant for grant in self._ledger.state.grants(user) if not grant.voided]
        if given and self._random.random() < 0.2:
            self._do(VoidGrant(user, MANAGER, given[0].grant, "a mistake"))
            return
        unit, amount = self._random.choice((("generations", 5), ("credits", 12_000), ("bytes", 10 * MEGABYTE)))
        ends = self._in_days(self._random.randint(1, 9)) if self._random.random() < 0.8 else None
        stays = ends is not None and self._random.random() < 0.4
        command = GiveGrant(
            user=user,
            by=MANAGER,
            grant=f"{self._random.getrandbits(64):016x}",
            unit=unit,
            amount=amount,
            reason="a contest",
            priority=self._random.randint(0, 2),
            expires_at=ends,
            rollover=amount // 2 if stays else 0,
            rollover_until=self._in_days(20) if stays else None,
        )
        self._do(command)

    def _trade(self, user: str) -> None:
        """What a day gives, gifts, purchases, and now and then points from nowhere."""
        by, chance = self._by(user), self._random.random()
        if chance < 0.5:
            self._do(ClaimDaily(user, by, A_DAY))
        elif chance < 0.6:
            self._do(MovePoints(user, MANAGER, self._random.choice(("mint", "mint", "burn")), 10, "a contest"))
        elif chance < 0.7:
            self._do(GivePoints(user, by, self._random.choice([one for one in self._users if one != user]), 3))
        else:
            seen = self._random.choice(OFFERS)
            self._do(BuyOffer(user, by, seen.offer, f"{self._random.getrandbits(64):016x}", seen))

    def _mark(self, user: str) -> None:
        """The newest picture of somebody is a favourite, or no longer."""
        owner = self._random.choice(self._users)
        for image in self._ledger.state.gallery.newest_first(owner)[:1]:
            on = self._random.random() < 0.8
            self._do(SetFavourite(user, self._by(user), owner, image.name, on=on, reward=A_MARK))

    def _rank(self, user: str) -> None:
        """A tier by hand, for some days or for good, or taken back."""
        if self._random.random() < 0.3:
            self._do(UnassignTier(user, MANAGER, "guests", "a member now"))
            return
        until = self._in_days(self._random.randint(2, 9)) if self._random.random() < 0.7 else None
        self._do(AssignTier(user, MANAGER, self._random.choice(("guests", "boosters")), "a look", until))

    def _in_days(self, days: int) -> str:
        moment = datetime.fromisoformat(self._clock()[:-1]) + timedelta(days=days)
        return moment.isoformat(timespec="microseconds") + "Z"
