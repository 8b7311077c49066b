"""A program that adopts, each time in a child of its own that is killed at one of its calls to the file system.

    python -m tests.adapters.adoption.killed_adoption

Each line of its input is JSON, `[root, directory, call]`: the child is killed just before that call, counted from 1, of
those that change the disk or sync it. It answers with a line: `killed`, or `done` where the adoption had fewer calls.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.adoption.adoption import Plan, Terms, adopt, plan
from adapters.disk.files import Files
from adapters.engines.choice import default_engines
from adapters.ports.clock import utc_now
from domain.limits import Limits

CHANGING = ("open", "write", "write_at", "truncate", "rename", "unlink", "make_directory", "remove_directory")
SYNCING = ("sync_data", "sync_directory")


class Killing(Files):
    """The real file system, which kills this process just before one of the calls."""

    def __init__(self, at_call: int) -> None:
        super().__init__()
        self._left = at_call
        for verb in (*CHANGING, *SYNCING):
            setattr(self, verb, self._counted(getattr(self, verb)))

    def _counted(self, verb: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return verb(*arguments)

        return call


def adopt_and_die(root: Path, directory: Path, at_call: int) -> None:
    """Adopts, as far as it comes."""
    files = Killing(at_call)
    planned = plan(root, directory, Files())
    assert isinstance(planned, Plan)
    terms = Terms(
        clock=utc_now,
        max_image_bytes=10**7,
        limits=Limits(),
        progress=lambda _done, _total: None,
        engines=default_engines(files),
        files=files,
    )
    adopt(planned, terms)


def main() -> None:
    """One child a line."""
    for line in sys.stdin:
        root, directory, at_call = json.loads(line)
        child = os.fork()
        if child == 0:
            adopt_and_die(Path(root), Path(directory), at_call)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL), status
        sys.stdout.write("killed\n" if status else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
