"""What `abby market` can do."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What is done with offers."""

    LIST = "list"
    SET = "set"
    WITHDRAW = "withdraw"
