"""What the settings say, as far as it can be judged without asking anybody: their file and names, key and token, the
provider they choose, and the versions that run.
"""

from __future__ import annotations

import asyncio
import platform
import re
from base64 import urlsafe_b64decode
from binascii import Error as NoBase64
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from adapters.bootstrap.reach import needs_token, reach_of
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.discord.bot_state import Remembered, last_told, trouble_of
from adapters.generation.configured import provider_settings, sent_unencrypted
from adapters.generation.ended_models import ended_model
from adapters.generation.generator import Generator
from adapters.generation.pricing import limit_of_credits, refused_unpriced
from adapters.generation.providers import ProviderSettings, choice_of, choose_provider, why_none
from adapters.market.configured import currency_unencrypted
from adapters.settings.config import Config
from adapters.settings.kinds import project_folder
from adapters.wording.failures import sentence_of_failure
from adapters.wording.figures import counted
from domain.limits import Limits, replaced
from projections.quota_state import QuotaState

PACKAGES = ("abby-ledger", "aiohttp", "discord.py", "eventsourcing", "orjson", "pillow", "pydantic", "structlog")

_KEY = re.compile(r"sk-[A-Za-z0-9_-]{20,}")
_TOKEN = re.compile(r"([A-Za-z0-9_-]{16,})\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{20,}")


def versions() -> Finding:
    """Python and the packages it runs with."""
    found = f"Python {platform.python_version()} on {platform.system()}; " + ", ".join(map(_versioned, PACKAGES))
    missing = [name for name in PACKAGES if _version(name) is None]
    if missing:
        return warn("versions", found, f"Set up again with `python3 launch.py`: {', '.join(missing)} is missing.")
    return ok("versions", found)


def env_file(given: Path | None) -> Finding:
    """Which file of settings is read, if any."""
    path = (project_folder() / ".env") if given is None else given.absolute()
    if path.is_dir():
        return fail(".env", f"{path} is a folder, and no file of settings.", "Move it away, or name a file.")
    if path.exists():
        return ok(".env", f"Settings are read from {path}.")
    return ok(".env", f"There is no {path}: the environment and the defaults hold.")


def unknown_names(config: Config, limits: Sequence[str] = ()) -> Finding:
    """Variables that look like a setting written wrong; where there are none, the `limits` that the log holds on to."""
    if warnings := [*config.warnings, *sent_unencrypted(config), *currency_unencrypted(config)]:
        return warn("settings", "; ".join(warning.rstrip(".") for warning in warnings), "Correct or remove them.")
    return ok("settings", " ".join(["Every setting can be used, and none looks misspelt.", *limits]))


def key(config: Config) -> Finding:
    """The provider's key: set where it is needed, and of the form that keys have."""
    given = config.api.stability_key
    if given is None:
        return ok("key", "STABILITY_API_KEY is not set: pictures are offline sketches, or made by another provider.")
    if not _KEY.fullmatch(given.get_secret_value()):
        return warn(
            "key", "STABILITY_API_KEY is set and does not look like one (sk-...).", "Copy it from your account again."
        )
    return ok("key", "STABILITY_API_KEY is set and looks like a key. Only the provider knows whether it is good.")


def token(config: Config) -> Finding:
    """The bot's token: of the form that tokens have."""
    given = config.discord.token
    if given is None:
        return ok("token", "DISCORD_TOKEN is not set: no bot, and the page needs none.")
    if not _is_token(given.get_secret_value()):
        advice = "Copy the bot's token (not the application's id or secret) from Discord's developer portal again."
        return warn("token", "DISCORD_TOKEN is set and does not look like a bot's token.", advice)
    return ok("token", "DISCORD_TOKEN is set and looks like a bot's token. Only Discord knows whether it is good.")


def access(config: Config) -> Finding:
    """What is open to whom over HTTP, and whether a service would start so."""
    reach, needed = reach_of(config), needs_token(config)
    if why := reach.why_not(needs_token=needed):
        return fail("access", why, "`serve` refuses to start before that.")
    said = reach.says(needs_token=needed)
    if not reach.is_local and reach.allows_plain:
        advice = "Put a proxy that speaks TLS in front, or be sure of everybody who is on the way."
        return warn("access", said, advice)
    return ok("access", said)


def digest(config: Config) -> Finding:
    """Where each week's digest goes, and what kept the bot from posting it when it looked last."""
    settings = config.discord
    places = settings.digest_places
    if not places:
        return ok("digest", "No week's digest is posted: no channel is set for it, and none for the managers.")
    if settings.token is None:
        where = "DISCORD_DIGEST_WHOLE" if settings.digest_whole else "DISCORD_DIGEST_CHANNELS"
        return warn("digest", f"{where} is set, and there is no bot that could post a digest.", "Set DISCORD_TOKEN.")
    remembered = Remembered(config.storage.storage_root)
    if troubles := [trouble for trouble in (trouble_of(remembered, channel) for channel in places) if trouble]:
        return warn("digest", " ".join(troubles), "The bot looks again at its next start, and when a digest is due.")
    told = [name for name in (last_told(remembered, channel) for channel in places) if name]
    last = f" The last that was posted is that of {max(told)}." if told else " None was posted yet."
    when = settings.digest_at.capitalize()
    return ok("digest", f"Each week's digest goes to {counted(len(places), 'channel')}, {when} UTC.{last}")


def provider(config: Config) -> Finding:
    """Who makes the pictures, and why; whether that works is not asked here."""
    settings = provider_settings(config)
    choice = choice_of(settings)
    if none := why_none(settings):
        found = f"{sentence_of_failure(none)} {choice.why}"
        return fail("provider", found, "Without a provider no picture is made; everything else works.")
    if ended := ended_model(settings):
        return warn("provider", f"Pictures are made by: {choice.name}. {choice.why}", ended)
    return ok("provider", f"Pictures are made by: {choice.name}. {choice.why} `abby providers` asks whether it works.")


def price(config: Config, state: QuotaState | None) -> Finding:
    """Whether what pictures cost is known where credits are limited, by the log or by the settings."""
    storage, of_log = config.storage, Limits() if state is None else state.policy
    limits = of_log._replace(
        windows=replaced(of_log.windows, storage.limits.windows), unenforced=(*of_log.unenforced, *storage.enforce)
    )
    limited = limit_of_credits(limits) is not None
    if limited and (refused := asyncio.run(_refused_unpriced(provider_settings(config), limits))):
        return warn(
            "price", refused, "`abby price` shows what is known; docs/providers.md tells how a price is written."
        )
    return ok("price", "No limit of credits refuses a picture because its price is not known.")


async def _refused_unpriced(settings: ProviderSettings, limits: Limits) -> str:
    generator = Generator(choose_provider(settings))
    try:
        return await refused_unpriced(generator, limits)
    finally:
        await generator.aclose()


def _versioned(name: str) -> str:
    return f"{name} {_version(name) or 'missing'}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is_token(text: str) -> bool:
    """Three parts with dots between them, the first of which is the bot's numeric id in base64."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return False
    try:
        return urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).isdigit()
    except (NoBase64, ValueError):
        return False
