"""A process that is there among the writers of a log: `python -m tests.adapters.eventlog.postgres.present TAG IDLE`.

Its settings are those of its environment; the server ends its session after IDLE seconds in which it asks nothing. It
answers each line that it reads with whether it is the first, and ends once there is no more.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing

from adapters.eventlog.postgres import company as company_module
from adapters.eventlog.postgres.company import Company
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.tallies import SharingTallies


def main(tag: str, idle_seconds: str) -> None:
    """Is there until its input ends."""
    company_module.IDLE_SECONDS, company_module.FIRST_SECONDS = int(idle_seconds), 1.0
    with (
        closing(Database(os.environ)) as database,
        closing(Company(database, tag, lambda: 0.0, SharingTallies())) as company,
    ):
        for _ in sys.stdin:
            sys.stdout.write(f"{company.is_first}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
