"""`/market_admin`: offers and points are what all servers share, so who may change them is as for limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.discord.fake.client import ClientRefuses
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL
from tests.adapters.discord.market.bazaar import Bazaar, said

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the bazaar")]

ACTIONS: dict[str, dict[str, Any]] = {
    "offer": {"offer": "forbidden", "unit": "generations", "amount": 1.0, "price": 1},
    "withdraw": {"offer": "kept"},
    "mint": {"amount": 5, "reason": "a game"},
    "burn": {"amount": 5, "reason": "a game"},
}


@pytest.mark.parametrize("action", ACTIONS)
async def test_nobody_but_the_owner_changes_what_all_servers_share(bazaar: Bazaar, action: str) -> None:
    """Members do not see the commands, a server's manager is told who may; nothing changes, nothing is suggested."""
    ann, boss = await bazaar.rich(10), bazaar.somebody("boss")
    boss.permissions = USUAL | MANAGE_GUILD
    await bazaar.offers("kept", 10, 25)
    whom: dict[str, Any] = {"user": ann} if action in {"mint", "burn"} else {}
    options = ACTIONS[action] | whom
    with pytest.raises(ClientRefuses):
        await ann.slash(f"market_admin {action}", options)
    assert "Not Allowed" in (await said(ann, f"market_admin {action}", channel=ann.direct, **options)).text
    assert "only the bot's owner" in (await said(boss, f"market_admin {action}", **options)).text
    assert await boss.autocomplete("market_admin withdraw", "offer", "") == []
    shown = (await said(ann, "market")).text
    assert "**kept**" in shown
    assert "forbidden" not in shown
    assert "You have **10 stars**" in (await said(ann, "points")).text
    await bazaar.manages("withdraw", offer="kept")


async def test_an_offer_is_set_told_with_what_it_was_and_withdrawn(bazaar: Bazaar) -> None:
    """What is so already is said to be; what is no offer is refused in words."""
    first = await bazaar.manages("offer", offer="room", unit="megabytes", amount=100, price=40, days=7)
    assert "✅ **room**: 100.0 MB for 7 days for 40 stars." in first.text
    assert "the same on every server" in first.text
    other = await bazaar.manages("offer", offer="room", unit="credits", amount=2.5, price=30)
    assert "**room**: 2.5 credits for 30 stars. Before it was 100.0 MB for 7 days for 40 stars." in other.text
    assert (
        "It was so already" in (await bazaar.manages("offer", offer="room", unit="credits", amount=2.5, price=30)).text
    )
    assert (
        "in whole numbers"
        in (await bazaar.manages("offer", offer="half", unit="generations", amount=0.5, price=30)).text
    )
    bad = await bazaar.manages("offer", offer="**no name**", unit="generations", amount=1, price=30)
    assert "That Is Not Possible" in bad.text
    assert [one.value for one in await bazaar.owner.autocomplete("market_admin withdraw", "offer", "roo")] == ["room"]
    assert "**room** is not offered any more" in (await bazaar.manages("withdraw", offer="room")).text
    gone = await bazaar.manages("withdraw", offer="room")
    assert "The offer **room** is gone, or is another by now" in gone.text


async def test_points_are_made_and_taken_with_a_reason(bazaar: Bazaar) -> None:
    """No more than there are; what is said as the reason has no markup and no mention, wherever it is shown."""
    ann = bazaar.somebody()
    reason = "**@everyone** [x](https://x.example) 👩\u200d🚀"
    made = await bazaar.manages("mint", user=ann, amount=1_000, reason=reason)
    assert f"✅ 1,000 stars made for **{ann.name}**, who has 1,000 now." in made.text
    assert "\\*\\*@\u200beveryone\\*\\* \\[x\\]" in (await said(ann, "points")).text
    more = await bazaar.manages("burn", user=ann, amount=1_001, reason="a mistake")
    assert "This takes 1,001 stars, and 1,000 are there." in more.text
    taken = await bazaar.manages("burn", user=ann, amount=1_000, reason="a mistake")
    assert f"1,000 stars taken from **{ann.name}**, who has 0 now." in taken.text
