"""The settings of the two doors: the bot on Discord, and the service over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from adapters.settings.kinds import (
    DISCORD_API,
    DISCORD_GATEWAY,
    MANAGERS,
    WEEKDAYS,
    ChannelList,
    DiscordAddress,
    Host,
    NetworkList,
    PublicAddress,
    Secret,
    Snowflake,
    TimeOfWeek,
    WholeNumber,
    small_word,
)
from adapters.settings.section import Section

LARGEST_SNOWFLAKE = 2**63 - 1


class DiscordConfig(Section):
    """The bot. The two addresses are Discord's own, or those of a stand-in on this machine, for tests."""

    token: Secret | None = Field(None, validation_alias="DISCORD_TOKEN", description="a bot's token")
    client_id: Snowflake = Field(
        0, ge=0, le=LARGEST_SNOWFLAKE, validation_alias="DISCORD_CLIENT_ID",
        description="the id of a Discord application, or 0 for none",
    )  # fmt: skip
    client_secret: Secret | None = Field(
        None, validation_alias="DISCORD_CLIENT_SECRET", description="the client secret of a Discord application"
    )
    owner: Snowflake = Field(
        0, ge=0, le=LARGEST_SNOWFLAKE, validation_alias="DISCORD_OWNER",
        description="the id of a Discord user, or 0 for the owner of the application",
    )  # fmt: skip
    managers_channel: Snowflake = Field(
        0, ge=0, le=LARGEST_SNOWFLAKE, validation_alias="DISCORD_MANAGERS_CHANNEL",
        description="the id of a Discord channel, or 0 for none",
    )  # fmt: skip
    digest_channels: ChannelList = Field(
        (MANAGERS,), validation_alias="DISCORD_DIGEST_CHANNELS",
        description=f"ids of Discord channels with commas between them, {MANAGERS} for that of "
        "DISCORD_MANAGERS_CHANNEL, or none",
    )  # fmt: skip
    digest_whole: Snowflake = Field(
        0, ge=0, le=LARGEST_SNOWFLAKE, validation_alias="DISCORD_DIGEST_WHOLE",
        description="the id of a Discord channel, or 0 for none",
    )  # fmt: skip
    digest_at: TimeOfWeek = Field(
        "monday 08:00", validation_alias="DISCORD_DIGEST_AT",
        description="a day of the week and an hour in UTC, such as monday 08:00",
    )  # fmt: skip
    quota_line_public: bool = Field(True, validation_alias="QUOTA_LINE_PUBLIC", description="true or false")
    api_base: DiscordAddress = Field(
        DISCORD_API, validation_alias="DISCORD_API_BASE",
        description=f"{DISCORD_API} or, for tests, an address on this machine, such as http://127.0.0.1:9000/api/v10",
    )  # fmt: skip
    gateway_url: DiscordAddress = Field(
        DISCORD_GATEWAY, validation_alias="DISCORD_GATEWAY_URL",
        description=f"{DISCORD_GATEWAY} or, for tests, an address on this machine, such as ws://127.0.0.1:9000/gateway",
    )  # fmt: skip

    @property
    def digest_places(self) -> dict[int, bool]:
        """The channels to which a week's digest is posted, and whether everything is told there, and not the figures of
        the channel's server alone.
        """
        named = (self.managers_channel if word == MANAGERS else int(word) for word in self.digest_channels)
        own = {channel: False for channel in named if channel}
        return {**own, self.digest_whole: True} if self.digest_whole else own

    @property
    def digest_hours(self) -> int:
        """How many hours after a week's end its digest is told."""
        day, hour = self.digest_at.split()
        return WEEKDAYS.index(day) * 24 + int(hour[:2])


class HttpConfig(Section):
    """Where the service listens."""

    host: Host = Field(
        "127.0.0.1", validation_alias="HTTP_HOST", description="an IP address or a host name, such as 127.0.0.1"
    )
    port: WholeNumber = Field(
        8080, ge=0, le=65535, validation_alias="HTTP_PORT",
        description="a decimal number from 1 to 65535, or 0 for any free port",
    )  # fmt: skip
    public_url: PublicAddress = Field(
        "", validation_alias="PUBLIC_URL",
        description="the address of the page for a browser, without a path, such as https://abby.example.org",
    )  # fmt: skip
    trusted_proxies: NetworkList = Field(
        (), validation_alias="HTTP_TRUSTED_PROXIES",
        description="IP addresses or networks with commas between them, such as 127.0.0.1,10.0.0.0/24",
    )  # fmt: skip
    allow_plain: bool = Field(False, validation_alias="HTTP_ALLOW_PLAIN", description="true or false")
    access: Annotated[Literal["local", "tokens"], BeforeValidator(small_word)] = Field(
        "local", validation_alias="HTTP_ACCESS", description="local, or tokens to ask everybody for one"
    )
