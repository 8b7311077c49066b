"""Who is let in over HTTP, as it is configured."""

from __future__ import annotations

from adapters.http.people.discord_api import DiscordApi
from adapters.http.people.rights import Rights
from adapters.http.people.sign_in import Application, DiscordSignIn
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config


def discord_sign_in(config: Config) -> DiscordSignIn | None:
    """How people sign in with Discord; None where that is not wanted. Raises ConfigError where a part is missing."""
    discord, public_url = config.discord, config.http.public_url
    needed = {
        "DISCORD_CLIENT_ID": bool(discord.client_id),
        "DISCORD_CLIENT_SECRET": discord.client_secret is not None,
        "PUBLIC_URL": bool(public_url),
    }
    if not needed["DISCORD_CLIENT_ID"] and not needed["DISCORD_CLIENT_SECRET"]:
        return None
    if missing := [name for name, is_set in needed.items() if not is_set]:
        raise ConfigError(
            f"Signing in with Discord needs {', '.join(needed)}, and {' and '.join(missing)} is not set. Set what is "
            "missing, or take the others away."
        )
    assert discord.client_secret is not None, "it is set"
    secret, bot = discord.client_secret.get_secret_value(), discord.token
    api = DiscordApi(discord.api_base, bot.get_secret_value() if bot else None)
    rights = Rights(api, owner=discord.owner, managers_channel=discord.managers_channel)
    return DiscordSignIn(Application(discord.client_id, secret, public_url), api, rights)
