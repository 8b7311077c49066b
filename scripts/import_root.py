#!/usr/bin/env python3
"""Makes an empty storage root of somebody else's backup: `abby import` from a clone, with its options and exit codes.

python3 scripts/import_root.py DIR --root ROOT
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("import")
