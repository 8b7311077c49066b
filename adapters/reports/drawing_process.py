"""The program of the process that draws: it reads one call of vl-convert as JSON, and writes what comes of it.

Run as a file, it imports nothing else of this package.
"""

from __future__ import annotations

import json
import sys

import vl_convert


def main() -> None:
    """One call, from standard input to standard output."""
    asked = json.load(sys.stdin)
    made = getattr(vl_convert, asked["function"])(asked["of"], **asked["options"])
    sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())


if __name__ == "__main__":
    main()
