"""Configuration: arguments, environment, `.env` and defaults become one frozen, validated `Config`.

It answers for the names, ranges and secrecy of the settings. It starts nothing and makes no folder; whether a value
works (a key is accepted, a folder can be written) is found out by whoever uses it. No module of ours imports `config`:
they are handed theirs. `config`, `BotConfig` and `StorageConfig` keep the names that earlier code was written against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, SecretStr

from adapters.ports.engines import LogKeeper
from adapters.ports.faults import ConfigError
from adapters.ports.object_place import ObjectPlace
from adapters.settings.currency import CurrencyConfig
from adapters.settings.database import DatabaseConfig
from adapters.settings.doors import DiscordConfig, HttpConfig
from adapters.settings.kinds import (
    DecimalNumber,
    Folder,
    FurtherLimits,
    HostList,
    ModelName,
    ModuleName,
    OutsideFile,
    Percentages,
    Prices,
    ProviderName,
    Secret,
    ServiceAddress,
    TriedLimits,
    WholeNumber,
    WindowLimits,
    capital_word,
    small_word,
)
from adapters.settings.market import MarketConfig
from adapters.settings.object_store import ObjectStoreConfig, Root
from adapters.settings.prices import AUTO, QUALITIES, Quality
from adapters.settings.section import DEFAULT_WORD, Section, is_secret
from adapters.settings.sources import FORMER_NAMES, Origin, Sources
from adapters.settings.webhooks import WebhookConfig
from domain.validation import MAX_DAYS

LARGEST_LIMIT_MB = 1_000_000_000
LARGEST_IMAGE_MB = 100
LARGEST_DAILY_GENS = 1_000_000
LONGEST_RESERVATION_MINUTES = 1_440
LARGEST_AT_ONCE = 64
LARGEST_QUEUE = 10_000

LIMIT_SETTINGS = MappingProxyType(
    {
        "MAX_USER_STORAGE_MB": "user_bytes",
        "MAX_GLOBAL_STORAGE_MB": "pool_bytes",
        "MAX_USER_DAILY_GENS": "daily",
        "IMAGE_GEN_SIZE_MB": "gen_bytes",
        "MODERATED_FREE": "moderated_free",
        "LIMITS": "windows",
        "ENFORCE": "unenforced",
        "TELL_AT": "tell_at",
    }
)
"""Settings that the log remembers, and their names in `Limits`: one that is not given leaves what was recorded."""
BACK = f", or {DEFAULT_WORD} to go back to that of a new log"
LIMIT_MB = f"a whole number of MB from 0 to {LARGEST_LIMIT_MB}{BACK}"


class StorageConfig(Section):
    """Where images and the log are, and the limits. A limit counts as given only where `origin` is not `default`."""

    remembered: ClassVar[frozenset[str]] = frozenset(LIMIT_SETTINGS)

    root: Root = Field(
        Path("shared"),
        validation_alias="STORAGE_ROOT",
        description="a folder, relative to the project's or whole, or a bucket such as s3://bucket/prefix",
    )
    local_root: Folder = Field(
        Path("shared"), validation_alias="LOCAL_ROOT", description="a folder, relative to the project's or whole"
    )
    seal_file: OutsideFile = Field(
        None, validation_alias="SEAL_FILE", description="a file outside the storage root, best on another machine"
    )
    group_access: Annotated[Literal["none", "read"], BeforeValidator(small_word)] = Field(
        "none", validation_alias="STORAGE_GROUP_ACCESS", description="none, or read for the group of the folder"
    )
    max_global_storage_mb: WholeNumber = Field(
        5000, ge=0, le=LARGEST_LIMIT_MB, validation_alias="MAX_GLOBAL_STORAGE_MB", description=LIMIT_MB
    )
    max_user_storage_mb: WholeNumber = Field(
        500, ge=0, le=LARGEST_LIMIT_MB, validation_alias="MAX_USER_STORAGE_MB", description=LIMIT_MB
    )
    max_user_daily_gens: WholeNumber = Field(
        5, ge=0, le=LARGEST_DAILY_GENS, validation_alias="MAX_USER_DAILY_GENS",
        description=f"a whole number from 0 to {LARGEST_DAILY_GENS}{BACK}",
    )  # fmt: skip
    cleanup_days: WholeNumber = Field(
        7, ge=0, le=MAX_DAYS, validation_alias="STORAGE_CLEANUP_DAYS",
        description=f"a whole number of days from 0 to {MAX_DAYS}",
    )  # fmt: skip
    image_gen_size_mb: DecimalNumber = Field(
        1.5,
        gt=0,
        le=LARGEST_IMAGE_MB,
        validation_alias="IMAGE_GEN_SIZE_MB",
        description=f"a number of MB above 0, at most {LARGEST_IMAGE_MB}, such as 1.5{BACK}",
    )
    image_generation_size_mb: WholeNumber = Field(
        20,
        ge=1,
        le=LARGEST_IMAGE_MB,
        validation_alias="IMAGE_GENERATION_SIZE_MB",
        description=f"a whole number of MB from 1 to {LARGEST_IMAGE_MB}, the hard cap",
    )
    reservation_minutes: WholeNumber = Field(
        15, ge=1, le=LONGEST_RESERVATION_MINUTES, validation_alias="RESERVATION_MINUTES",
        description=f"a whole number of minutes from 1 to {LONGEST_RESERVATION_MINUTES}",
    )  # fmt: skip
    foreign_parts: Annotated[Literal["refuse", "strip"], BeforeValidator(small_word)] = Field(
        "refuse", validation_alias="FOREIGN_PARTS", description="refuse or strip"
    )
    moderated_free: bool = Field(False, validation_alias="MODERATED_FREE", description=f"true or false{BACK}")
    limits: WindowLimits = Field(
        FurtherLimits(),
        validation_alias="LIMITS",
        description=f"limits with commas between them, such as user/month/credits=20, guild/day/generations=100{BACK}",
    )
    enforce: TriedLimits = Field(
        (),
        validation_alias="ENFORCE",
        description=f"the limits that are only tried out, such as user/month/credits=false{BACK}",
    )
    tell_at: Percentages = Field(
        (),
        validation_alias="TELL_AT",
        description=f"whole percentages of a limit with commas between them, such as 80, 95, 100{BACK}",
    )

    @property
    def storage_root(self) -> Path:
        """The folder of this machine: all of it, or where images are in a bucket, all else."""
        return self.local_root if isinstance(self.root, ObjectPlace) else self.root


class ApiConfig(Section):
    """The provider of images."""

    stability_key: Secret | None = Field(None, validation_alias="STABILITY_API_KEY", description="a key")
    stability_api_host: ServiceAddress = Field(
        "https://api.stability.ai",
        validation_alias="API_HOST",
        description="an address that begins with https:// or http://, such as https://api.stability.ai",
    )
    stability_model: ModelName = Field(
        "stable-diffusion-xl-1024-v1-0",
        validation_alias="STABILITY_MODEL",
        description="a model's name: an engine of v1, or core, ultra, sd3.5-large, sd3.5-large-turbo or sd3.5-medium",
    )
    stability_upscaler: Annotated[
        Literal["fast", "conservative", "creative", "esrgan-v1-x2plus"], BeforeValidator(small_word)
    ] = Field(
        "fast", validation_alias="STABILITY_UPSCALER", description="fast, conservative, creative or esrgan-v1-x2plus"
    )
    automatic1111_login: Secret | None = Field(
        None, validation_alias="AUTOMATIC1111_LOGIN", description="a name and a password with a colon between them"
    )
    automatic1111_upscaler: ModelName = Field(
        "R-ESRGAN 4x+",
        validation_alias="AUTOMATIC1111_UPSCALER",
        description="an upscaler's name, such as R-ESRGAN 4x+",
    )
    openai_key: Secret | None = Field(None, validation_alias="OPENAI_API_KEY", description="a key")
    openai_host: ServiceAddress = Field(
        "https://api.openai.com",
        validation_alias="OPENAI_HOST",
        description="an address that begins with https:// or http://, such as https://api.openai.com",
    )
    openai_model: ModelName = Field(
        "gpt-image-2", validation_alias="OPENAI_MODEL", description="a model's name, such as gpt-image-2"
    )
    openai_quality: Annotated[Quality, BeforeValidator(small_word)] = Field(
        AUTO, validation_alias="OPENAI_QUALITY", description=f"one of: {', '.join(QUALITIES)}"
    )
    credits_each: Prices = Field(
        (),
        validation_alias="CREDITS_EACH",
        description="NAME=credits pairs with commas, such as core=3,ultra=8 or gpt-image-1/1024x1536/high=25",
    )


class GenerationConfig(Section):
    """How images are made, whoever makes them."""

    at_once: WholeNumber = Field(
        0, ge=0, le=LARGEST_AT_ONCE, validation_alias="GENERATIONS_AT_ONCE",
        description=f"a whole number from 1 to {LARGEST_AT_ONCE}, or 0 for what suits the provider",
    )  # fmt: skip
    queue_length: WholeNumber = Field(
        500, ge=1, le=LARGEST_QUEUE, validation_alias="QUEUE_LENGTH",
        description=f"a whole number from 1 to {LARGEST_QUEUE}",
    )  # fmt: skip
    queue_per_user: WholeNumber = Field(
        10, ge=1, le=LARGEST_QUEUE, validation_alias="QUEUE_PER_USER",
        description=f"a whole number from 1 to {LARGEST_QUEUE}",
    )  # fmt: skip
    prompt_in_image: bool = Field(False, validation_alias="PROMPT_IN_IMAGE", description="true or false")
    image_url_hosts: HostList = Field(
        (
            "cdn.discordapp.com",
            "media.discordapp.net",
            "images-ext-1.discordapp.net",
            "images-ext-2.discordapp.net",
        ),
        validation_alias="IMAGE_URL_HOSTS",
        description="host names with commas between them, such as cdn.discordapp.com,media.discordapp.net",
    )


class ProgramConfig(Section):
    """What concerns the program as a whole; `Config` has these as attributes of its own."""

    generator: ProviderName = Field("auto", validation_alias="GENERATOR", description="auto or one of these")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(capital_word)] = Field(
        "INFO", validation_alias="LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["auto", "json", "pretty"], BeforeValidator(small_word)] = Field(
        "auto", validation_alias="LOG_FORMAT", description="auto, json or pretty"
    )
    persistence_module: ModuleName = Field(
        "adapters.eventlog",
        validation_alias="PERSISTENCE_MODULE",
        description="adapters.eventlog, eventsourcing.dcb.postgres_tt or the name of another Python module",
    )


SECTIONS: dict[str, type[Section]] = {
    "storage": StorageConfig,
    "api": ApiConfig,
    "generation": GenerationConfig,
    "market": MarketConfig,
    "currency": CurrencyConfig,
    "database": DatabaseConfig,
    "discord": DiscordConfig,
    "http": HttpConfig,
    "webhooks": WebhookConfig,
    "program": ProgramConfig,
    "object_store": ObjectStoreConfig,
}


@dataclass(frozen=True)
class Config:
    """Every setting, checked. Bad values are named in one ConfigError, a line each; no text of it shows a secret."""

    sources: Sources = field(default_factory=lambda: read_sources(None), repr=False)
    storage: StorageConfig = field(init=False)
    api: ApiConfig = field(init=False)
    generation: GenerationConfig = field(init=False)
    market: MarketConfig = field(init=False)
    currency: CurrencyConfig = field(init=False)
    database: DatabaseConfig = field(init=False)
    discord: DiscordConfig = field(init=False)
    http: HttpConfig = field(init=False)
    webhooks: WebhookConfig = field(init=False)
    program: ProgramConfig = field(init=False)
    object_store: ObjectStoreConfig = field(init=False)
    objects: ObjectPlace | None = field(init=False, default=None)
    """Where images lie as objects; None where they are files below the root."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, make in SECTIONS.items():
            try:
                object.__setattr__(self, name, make(self.sources))
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("\n".join(problems))
        if isinstance(self.storage.root, ObjectPlace):
            object.__setattr__(self, "objects", self.object_store.reaching(self.storage.root))

    @property
    def stability_api_key(self) -> SecretStr | None:
        """The key under its former name; it is `api.stability_key`."""
        return self.api.stability_key

    @property
    def generator(self) -> str:
        """Which provider makes the images: auto, or its word in the table of providers."""
        return self.program.generator

    @property
    def log_level(self) -> str:
        """DEBUG, INFO, WARNING or ERROR."""
        return self.program.log_level

    @property
    def log_format(self) -> str:
        """Auto, json or pretty; in lower case."""
        return self.program.log_format

    @property
    def log_keeper(self) -> LogKeeper:
        """What keeps the log, and what it is reached by."""
        return LogKeeper(self.program.persistence_module, self.database.environment())

    @property
    def warnings(self) -> list[str]:
        """Names that are no setting's, and what else is odd. What a provider's settings give away is not told here."""
        return [*self.sources.warnings(known_names()), *self._file_of_others()]

    def origin(self, name: str) -> Origin:
        """Where the value of a setting, such as `MAX_USER_STORAGE_MB`, comes from."""
        return self._section(name).origin(name)

    def describe(self) -> list[str]:
        """Lines to print at the start: each setting with its value and origin, no secret."""
        return [line for section in self._sections() for line in section.describe()]

    def secrets(self) -> list[str]:
        """The secret values themselves, for the one place that takes them out of every log line."""
        return [value.get_secret_value() for section in self._sections() for value in section.secrets()]

    def _file_of_others(self) -> list[str]:
        """That others may write the file of settings, or read secrets in it."""
        file = self.sources.env_file
        holds_secrets = file is not None and any(
            name in file.entries and is_secret(setting)
            for section in self._sections()
            for name, setting in section.settings().items()
        )
        told = None if file is None else file.used_by_others(holds_secrets=holds_secrets)
        return [] if told is None else [told]

    def _sections(self) -> list[Section]:
        return [getattr(self, name) for name in SECTIONS]

    def _section(self, name: str) -> Section:
        for section in self._sections():
            if name in section.settings():
                return section
        raise KeyError(f"there is no setting {name}")


BotConfig = Config


def load_config(overrides: Mapping[str, object] | None = None, env_file: Path | None = None) -> Config:
    """Read and check the configuration.

    `overrides` are arguments by the names of the settings (`{"HTTP_PORT": 0}`); None among them is not given.
    `env_file` replaces the project's `.env`. Raises ConfigError, which names every bad value and what it accepts.
    """
    strange = set(overrides or {}) - {name for section in SECTIONS.values() for name in section.settings()}
    if strange:
        raise TypeError(f"there is no setting {', '.join(sorted(strange))}")
    return Config(read_sources(overrides, env_file))


def read_sources(overrides: Mapping[str, object] | None = None, env_file: Path | None = None) -> Sources:
    """Where the values come from. Raises ConfigError for lines of the file that are not understood."""
    return Sources.read(overrides, env_file, known=known_names())


def known_names() -> set[str]:
    """The names of all settings, former ones too."""
    return {name for section in SECTIONS.values() for name in section.settings()} | set(FORMER_NAMES.values())


def __getattr__(name: str) -> Config:
    """`config`, read at its first use and then kept."""
    if name == "config":
        globals()["config"] = loaded = load_config()
        return loaded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
