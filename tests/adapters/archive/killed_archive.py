"""A program that backs up or restores, each time in a child of its own that is killed at one of its calls to the file
system.

    python -m tests.adapters.archive.killed_archive

Each line of its input is JSON, `["backup", root, folder, call]` or `["restore", folder, root, call]`: the child is
killed at that call, counted from 1, of those that change the disk or sync it: before it, or where it writes, in its
middle. It answers with a line: `killed`, or `done` where there were fewer calls.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.disk.files import Files
from tests.adapters.archive.archiving import backed_up, restored

VERBS = ("open", "write", "write_at", "truncate", "rename", "unlink", "make_directory", "sync_data", "sync_directory")


class Killing(Files):
    """The real file system, which kills this process at one of the calls."""

    def __init__(self, at_call: int) -> None:
        super().__init__()
        self._left = at_call
        for verb in VERBS:
            setattr(self, verb, self._counted(verb, getattr(self, verb)))

    def _counted(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                if name == "write":
                    fd, data = arguments
                    verb(fd, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return verb(*arguments)

        return call


def main() -> None:
    """One child a line."""
    for line in sys.stdin:
        what, source, target, at_call = json.loads(line)
        child = os.fork()
        if child == 0:
            (backed_up if what == "backup" else restored)(Path(source), Path(target), Killing(at_call))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL), status
        sys.stdout.write("killed\n" if status else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
