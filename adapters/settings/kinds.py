"""The kinds of values that settings take, each with its check. Which setting takes which is decided in config.py."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from os.path import expandvars
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from adapters.settings.prices import Price, price_list
from adapters.settings.storage_root import is_system_directory
from domain.limit_grammar import limits_in_text, limits_of, percentages_of, unenforced_of
from domain.limits import Windows

DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
AUTO = "auto"
MANAGERS, NO_CHANNEL = "managers", "none"
MOST_CHANNELS = 50
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST_HOUR = 23
PROVIDER_NAMES = ("stability", "automatic1111", "openai", "sketch")
"""The words that GENERATOR takes beside `auto`. The modules behind them are in the table of generation/providers.py."""
UNFILLED = re.compile(r"\$\w|\$\{|%\w+%")
"""What is left of a variable in a path where there is none of that name."""
COMMAND = re.compile(r"\$\(|`")
"""What a shell would run, and a file of settings does not."""
PLACEHOLDER = re.compile(r"\{\{.*\}\}|<[^<>]*>|!\w+!|@\w+@")
"""What a template has where a value belongs."""
NO_KEY = re.compile(
    r"<.*>|\{\{.*\}\}|\[.*\]|\$\(.*\)|`.*`|\$\w+|%\w+%|x{3,}|\*{3,}|\.{3,}|"
    r"(insert|paste|enter|put|replace)[-_.].*|your[-_.](?!key$).*|change[-_]?(me|this|it)|replace[-_]?me|"
    r"null|nil|none|undefined|todo|tbd|placeholder|(api[-_]?)?(key|token)([-_]?here)?",
    re.IGNORECASE,
)
"""What stands for a key: a template's place, a shell's command or variable, a word that says there is none.
`your_key` alone is taken: the first programs were shown with it."""
NO_FOLDER = re.compile(r"null|nil|none|undefined|\$", re.IGNORECASE)
"""What a program writes where it has no value, as a folder's whole name."""
NOT_IN_NAMES = re.compile(r"[;|<>*?\"]")
"""Characters of a shell's line, of a list or a pattern. A folder that stands may have them."""
A_LINE = re.compile(r"(export\s+)?[A-Z][A-Z0-9]*_[A-Z0-9_]+=")
"""How a line with a setting begins, in place of a value."""
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]")
"""How an address begins; a drive of Windows has one letter."""
ON_WINDOWS = re.compile(r"[A-Za-z]:[/\\]|\\\\")
"""How a path with a drive or another machine's name begins there. Elsewhere it would be a folder of that name."""
NO_PATHS = (
    (UNFILLED.search, "it names a variable that is not set here; write the whole path"),
    (PLACEHOLDER.search, "it is a template's place for a path; write the path"),
    (A_LINE.match, "it begins as a line with a setting does; write the path alone"),
    (COMMAND.search, "it has a command for a shell, and none runs here; write the whole path"),
    (ADDRESS.match, "it is an address, and images and log are kept in a folder; write its path"),
)
"""What is written in place of a path, in the order in which it is asked, and what is said of it."""
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")


def whole_number(value: object) -> object:
    """Digits of ASCII and nothing else: `0x50`, `1_000` and `5.0` are mistakes, not numbers."""
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip(), re.ASCII):
            raise ValueError("")
        return int(value)
    return value


def snowflake(value: object) -> object:
    """An id of Discord's, up to 20 digits; 0 is nobody's."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{1,20}", value.strip(), re.ASCII):
            raise ValueError("")
        return int(value)
    return value


def decimal_number(value: object) -> object:
    """Digits with at most one point; no exponent, no infinity."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value.strip(), re.ASCII):
        raise ValueError("")
    return value


def small_word(value: object) -> object:
    """A word of a list, in small letters whatever was written."""
    return value.strip().lower() if isinstance(value, str) else value


def capital_word(value: object) -> object:
    """A word of a list, in capitals whatever was written."""
    return value.strip().upper() if isinstance(value, str) else value


def service_address(value: str) -> str:
    """The address of a service, without credentials in it and without a slash at its end."""
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("")
    if parts.username is not None or parts.password is not None:
        raise ValueError("leave the user name and password out of it")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port is no number up to 65535") from None
    return value.strip().rstrip("/")


def public_address(value: str) -> str:
    """The address by which browsers reach the page, as they name it; empty: the one at which the service listens."""
    if not value.strip():
        return ""
    address = service_address(value)
    parts = urlsplit(address)
    if parts.path:
        raise ValueError("the page is at the root of its host, so it has no path")
    host, port = (parts.hostname or "").lower(), parts.port
    shown = f"[{host}]" if ":" in host else host
    is_usual = port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{shown}" + ("" if is_usual else f":{port}")


def address_or_nothing(value: str) -> str:
    """The address of a service; empty: there is none."""
    return service_address(value) if value.strip() else ""


def unit_name(value: str) -> str:
    """What people call a currency's units: words that mean nothing to a chat, a page or a terminal but themselves."""
    if not re.fullmatch(r"[^\W_](?:[^\W_]|[ .'-]){0,31}", value):
        raise ValueError("")
    return value


def discord_address(value: str) -> str:
    """Discord itself, or a stand-in on this machine: a token is sent nowhere else."""
    if value in {DISCORD_API, DISCORD_GATEWAY}:
        return value
    parts = urlsplit(value)
    try:
        stands_in = ip_address(parts.hostname or "").is_loopback and parts.port != 0
    except ValueError:
        stands_in = False
    if not stands_in or parts.scheme not in {"http", "ws"} or parts.username is not None or parts.query:
        raise ValueError("a bot's token is sent to Discord alone, or to this machine by its number")
    return value.rstrip("/")


def host(value: str) -> str:
    """An IP address or a host name, without scheme and port."""
    try:
        ip_address(value)
    except ValueError:
        if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", value) or value.isdigit():
            raise ValueError("") from None
    return value


def module_name(value: str) -> str:
    """A dotted name that Python can import."""
    if not all(part.isidentifier() for part in value.split(".")):
        raise ValueError("")
    return value


def provider_name(value: str) -> str:
    """`auto`, or a provider that there is."""
    if value not in (AUTO, *PROVIDER_NAMES):
        nearest = get_close_matches(value, (AUTO, *PROVIDER_NAMES), n=1)
        meant = f" (did you mean {nearest[0]}?)" if nearest else ""
        raise ValueError(f"there is no provider {value!r:.40}{meant}; there are {', '.join(PROVIDER_NAMES)}")
    return value


def model_name(value: str) -> str:
    """A model's or upscaler's name as services spell them."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._+:/()-]{0,127}", value):
        raise ValueError("")
    return value


def channel_list(value: object) -> object:
    """Ids of Discord channels with commas between them, MANAGERS for the one that is set as the managers'."""
    if not isinstance(value, str):
        return value
    words = [part.strip().lower() for part in value.split(",") if part.strip()]
    if words in ([NO_CHANNEL], ["0"]):
        return ()
    for word in words:
        if word != MANAGERS and (not re.fullmatch(r"[0-9]{1,20}", word, re.ASCII) or not 0 < int(word) < 2**63):
            raise ValueError(f"{word!r:.60} is no id of a channel")
    if len(words) > MOST_CHANNELS:
        raise ValueError(f"there are more than {MOST_CHANNELS}")
    return tuple(dict.fromkeys(words))


def time_of_week(value: str) -> str:
    """A day and an hour, as in `monday 08:00`."""
    found = re.fullmatch(r"([a-z]+)\s+([0-9]{1,2})(?::00)?", value.strip().lower(), re.ASCII)
    if found is None or found[1] not in WEEKDAYS or int(found[2]) > LAST_HOUR:
        raise ValueError("")
    return f"{found[1]} {int(found[2]):02}:00"


def host_list(value: object) -> object:
    """Host names with commas between them."""
    if not isinstance(value, str):
        return value
    hosts = tuple(part.strip().lower() for part in value.split(",") if part.strip())
    for name in hosts:
        if not re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", name) or name.replace(".", "").isdigit():
            raise ValueError(f"{name!r:.60} is not a host name")
    return hosts


def network_list(value: object) -> object:
    """Addresses and networks with commas between them, none of which is everybody's."""
    if not isinstance(value, str):
        return value
    networks = []
    for part in value.split(","):
        if part.strip():
            try:
                networks.append(ip_network(part.strip()))
            except ValueError:
                raise ValueError(f"{part.strip()!r:.60} is no IP address or network") from None
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("everybody would be believed, whatever address they claim")
    return tuple(networks)


def prices(value: object) -> object:
    """Prices with commas between them; `settings.prices` says how one is written."""
    return price_list(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class FurtherLimits:
    """Limits of windows, shown as they are written."""

    windows: Windows = ()

    def __str__(self) -> str:
        return limits_in_text(self.windows)


def window_limits(value: object) -> object:
    """Limits of windows, as `user/month/credits=20, guild/day/generations=100`."""
    return FurtherLimits(limits_of(value)) if isinstance(value, str) else value


def tried_limits(value: object) -> object:
    """Limits that are tried out, as `user/month/credits=false`."""
    return unenforced_of(value) if isinstance(value, str) else value


def percentages(value: object) -> object:
    """Percentages with commas between them, as `80, 95, 100`."""
    return percentages_of(value) if isinstance(value, str) else value


def secret(value: object) -> object:
    """A key or token as it is sent in a header: nothing in it may end that header."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        return text
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text.strip()):
        raise ValueError("it holds a space, a line break or a character that no key has; copy it again")
    if A_LINE.match(text.strip()):
        raise ValueError("it begins as a line with a setting does; copy the key alone")
    if NO_KEY.fullmatch(text.strip()):
        raise ValueError("it stands for a key, and is none; write the key itself, or nothing where none is needed")
    return text.strip()


def plain_path(value: object) -> object:
    """A path as it was meant: a backslash in quotes has not become a tab or a line break."""
    if CONTROL_CHARACTERS.search(str(value)):
        raise ValueError("it holds a control character, as a backslash in quotes makes one; leave out the quotes")
    if value == "":
        raise ValueError("")
    return value


def folder_of_its_own(path: Path) -> Path:
    """A folder below the project's where it is relative, and never one of the system's.

    What climbs with `..` is given as the folder that it leads to.

    `~`, `$NAME` and `${NAME}` (on Windows `%NAME%` too) are filled in, as a shell would; what names nothing is refused,
    because a folder of that name is never meant.
    """
    filled, project = filled_in(path), project_folder()
    absolute = project / filled
    try:
        resolved = absolute.resolve()
    except (OSError, RuntimeError):
        resolved = absolute  # links that lead in a circle: opening the folder will say so
    if is_system_directory(absolute) or is_system_directory(resolved):
        raise ValueError("it is a system directory; choose a folder of its own, such as `shared`")
    if ".." not in filled.parts:
        return absolute
    if not filled.is_absolute() and not resolved.is_relative_to(project.resolve()):
        raise ValueError(f"it leads out of this folder, to {resolved}; if that is meant, write that whole path")
    return resolved


def path_or_nothing(value: object) -> object:
    """A path; nothing where it is empty."""
    return None if value in {None, ""} else plain_path(value)


def file_of_its_own(path: Path | None) -> Path | None:
    """A file, under the rules of a folder."""
    return None if path is None else folder_of_its_own(path)


def filled_in(path: Path) -> Path:
    """The path with variables and the home folder of its user in place. Raises ValueError."""
    path = Path(expandvars(path))
    if why := _no_path(path):
        raise ValueError(why)
    if not path.parts[:1] or not path.parts[0].startswith("~"):
        return path
    with suppress(RuntimeError):
        if Path(path.parts[0]).expanduser().is_dir():
            return path.expanduser()
    raise ValueError("that user has no home folder here; write the whole path")


def _no_path(path: Path) -> str | None:
    """Why that is no folder that anybody means, None where it may be one."""
    text = str(path)
    if why := next((why for is_one, why in NO_PATHS if is_one(text)), None):
        return why
    if os.name != "nt" and ON_WINDOWS.match(text):
        return "it is a path of Windows, and this is another system; write the path that the folder has here"
    if any(NO_FOLDER.fullmatch(part) for part in path.parts):
        return "it stands for a path that some program did not know; write the path"
    if NOT_IN_NAMES.search(text) and not (project_folder() / path).is_dir():
        return "it has a character of a shell's line, of a list or a pattern; write the path of one folder"
    return None


def project_folder(package: Path = Path(__file__).parents[1]) -> Path:
    """The checkout that this code runs from; for an installed package, the folder where the process was started."""
    return package.parent if (package.parent / "launch.py").exists() else Path.cwd()


WholeNumber = Annotated[int, BeforeValidator(whole_number)]
Snowflake = Annotated[int, BeforeValidator(snowflake)]
DecimalNumber = Annotated[float, BeforeValidator(decimal_number)]
ServiceAddress = Annotated[str, AfterValidator(service_address)]
OptionalAddress = Annotated[str, AfterValidator(address_or_nothing)]
UnitName = Annotated[str, AfterValidator(unit_name)]
PublicAddress = Annotated[str, AfterValidator(public_address)]
DiscordAddress = Annotated[str, AfterValidator(discord_address)]
Host = Annotated[str, AfterValidator(host)]
ModuleName = Annotated[str, AfterValidator(module_name)]
Secret = Annotated[SecretStr, BeforeValidator(secret)]
ProviderName = Annotated[str, BeforeValidator(small_word), AfterValidator(provider_name)]
ModelName = Annotated[str, AfterValidator(model_name)]
ChannelList = Annotated[tuple[str, ...], BeforeValidator(channel_list)]
TimeOfWeek = Annotated[str, AfterValidator(time_of_week)]
HostList = Annotated[tuple[str, ...], BeforeValidator(host_list)]
NetworkList = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(network_list)]
WindowLimits = Annotated[FurtherLimits, BeforeValidator(window_limits)]
Percentages = Annotated[tuple[int, ...], BeforeValidator(percentages)]
TriedLimits = Annotated[tuple[str, ...], BeforeValidator(tried_limits)]
Prices = Annotated[tuple[Price, ...], BeforeValidator(prices)]
OutsideFile = Annotated[Path | None, BeforeValidator(path_or_nothing), AfterValidator(file_of_its_own)]
Folder = Annotated[Path, BeforeValidator(plain_path), AfterValidator(folder_of_its_own)]
