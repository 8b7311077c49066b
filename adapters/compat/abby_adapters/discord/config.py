"""`config`, `BotConfig` and `StorageConfig` under their former module path; `config` is read at its first use."""

from adapters.settings import config as _settings
from adapters.settings.config import BotConfig, Config, StorageConfig

__all__ = ["BotConfig", "StorageConfig", "config"]  # noqa: F822 - `config` is made by __getattr__


def __getattr__(name: str) -> Config:
    if name == "config":
        return _settings.config
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
