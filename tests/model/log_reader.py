"""Reads a log as anybody could, line by line: which events it has, and which reservations, in their order."""

from __future__ import annotations

import json

from tests.model.trail import Trail


class LogReader:
    """What a log has so far."""

    def __init__(self) -> None:
        self.trail = Trail()
        self.reservations: list[str] = []
        self._taken = 0

    def take(self, log: bytes) -> None:
        """Takes in what came since."""
        if len(log) == self._taken:
            return
        for line in log[self._taken :].splitlines():
            fact = json.loads(line)
            if "pos" in fact:
                self.trail.add(fact["type"], fact["data"].get("user"))
                assert fact["pos"] == len(self.trail)
                if fact["type"] == "GenerationReserved":
                    self.reservations.append(fact["data"]["reservation"])
        self._taken = len(log)
