"""What `abby tiers` can do."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is done with tiers."""

    LIST = "list"
    DEFINE = "define"
    REMOVE = "remove"
    OF = "of"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
