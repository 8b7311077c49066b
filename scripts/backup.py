#!/usr/bin/env python3
"""Backs a storage root up: `abby backup` from a clone, with its options and exit codes.

python3 scripts/backup.py DIR
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("backup")
