"""Commands that work on the files of images, where there are none."""

from __future__ import annotations

from adapters.ports.faults import ConfigError
from adapters.settings.config import Config

COPY = (
    "Let the bucket keep versions, or copy it (`aws s3 sync`, without --delete) after LOCAL_ROOT/logs; of a copied log "
    "`abby verify` says whether it is whole"
)


def refuse_bucket(config: Config, command: str, instead: str) -> None:
    """Raises ConfigError where images are in a bucket, with what to do instead."""
    if config.objects is not None:
        raise ConfigError(
            f"`abby {command}` works on the files of images, and they are objects of {config.objects}. {instead}. "
            "Nothing was changed (docs/object-store.md)."
        )
