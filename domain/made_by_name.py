"""How values that every decision makes are made quickly: named tuples by the names of their members, without the detour
that their class takes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
V = TypeVar("V")


def made_by_name(of: Callable[P, V]) -> Callable[P, V]:
    """What makes the values of a class of named tuples as the class itself does, in less than half the time: a class
    makes a dictionary of the names first.
    """
    named_tuple: Any = of
    return partial(named_tuple.__new__, named_tuple)
