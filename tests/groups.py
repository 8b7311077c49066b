"""Which tests stay together in one of several workers, so that what is dear and shared is made once: those that use a
fixture of their module, and those that say so.

    @pytest.mark.xdist_group("NAME")

pytest-xdist knows a group by the ids of its tests, where its name stands behind an "@". Up to 3.8 it writes that where
pytest 9.2 does not look (https://github.com/pytest-dev/pytest-xdist/issues/1386), and every worker makes everything.
Here it is written where it is read; where it stands already, nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def group_of(item: pytest.Item) -> str | None:
    """The group of a test, None where it has none."""
    if names := sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}):
        return "_".join(names)
    return item.path.stem if _shares_a_fixture_of_its_module(item) else None


def tell_groups(items: Iterable[pytest.Item]) -> None:
    """Adds its group to the id of each test that has one."""
    for item in items:
        group = group_of(item)
        if group is not None and not item.nodeid.endswith(f"@{group}"):
            item._id = item.id.parse(f"{item.nodeid}@{group}")


def scheduler(config: pytest.Config, log: Any) -> object:
    """Shares the groups out as pytest-xdist does, and forgets those that are done: it goes through all that it knows
    after each test, which with ten thousand of them takes as long as many a test.
    """
    from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped] # it comes without types

    class Forgetful(LoadGroupScheduling):  # type: ignore[misc] # the same
        def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
            super().mark_test_complete(node, item_index, duration)
            group = self._split_scope(self.registered_collections[node][item_index])
            if all(self.assigned_work[node][group].values()):
                del self.assigned_work[node][group]

    return Forgetful(config, log)


def _shares_a_fixture_of_its_module(item: pytest.Item) -> bool:
    """One of ours: pytest's plugins have some for each module, which cost nothing."""
    if not isinstance(item, pytest.Function):
        return False
    used = (found[-1] for found in item._fixtureinfo.name2fixturedefs.values())
    return any(fixture.scope == "module" and fixture.baseid.startswith("tests") for fixture in used)
