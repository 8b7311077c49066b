"""What `abby asks` can do."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is done with asks."""

    LIST = "list"
    APPROVE = "approve"
    DENY = "deny"
