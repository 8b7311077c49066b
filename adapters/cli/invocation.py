"""What a command is started with: the global options, and the configuration that follows from them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.settings.config import Config  # late: reading settings takes longer than a help text


@dataclass(frozen=True)
class Invocation:
    """`--root` and `--env-file` as they were given, relative to the folder where the command was started."""

    root: Path | None = None
    env_file: Path | None = None

    def over(self, root: Path | None, env_file: Path | None) -> Invocation:
        """This one, with what is given in place of what it has."""
        return Invocation(self.root if root is None else root, self.env_file if env_file is None else env_file)

    def config(self) -> Config:
        """The configuration, the options above it. Raises ConfigError."""
        from adapters.ports.faults import ConfigError
        from adapters.settings.config import load_config
        from adapters.settings.kinds import filled_in

        try:
            root = None if self.root is None else filled_in(self.root).absolute()
        except ValueError as error:
            raise ConfigError(f"--root {self.root}: {error}.") from error
        env_file = None if self.env_file is None else self.env_file.absolute()
        return load_config({"STORAGE_ROOT": root}, env_file)

    def set_up(self) -> Config:
        """The configuration for a short command, whose log lines are warnings unless LOG_LEVEL says otherwise."""
        config = self.config()
        _log_as(config)
        return config

    def set_up_to_read(self) -> Config:
        """The same for a command that only reads a log, and seldom has a line to log: it does not wait for what writes
        them.
        """
        from adapters.observability.late_logs import log_late

        config = self.config()
        log_late(lambda: _log_as(config), _level(config))
        return config


def _log_as(config: Config) -> None:
    from adapters.observability.logs import configure_logging

    configure_logging(config)
    logging.getLogger().setLevel(_level(config))


def _level(config: Config) -> int:
    """Warnings, unless LOG_LEVEL says otherwise."""
    return (
        logging.WARNING if config.origin("LOG_LEVEL") == "default" else logging.getLevelNamesMapping()[config.log_level]
    )
