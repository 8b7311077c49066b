#!/usr/bin/env python3
"""Decides the recorded history anew under other limits: `abby what-if` from a clone, with its options and exit codes.

python3 scripts/what_if.py --daily 3 --since 30d
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("what-if")
