"""Events as they are recorded, for whoever waits for them: the library's subscription, woken by the recorder."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from eventsourcing.dcb.api import DCBQuery
from eventsourcing.dcb.persistence import DCBListenNotifySubscription


class Waking(Protocol):
    """A recorder that wakes whoever waits for what is new."""

    def listen(self, event: threading.Event) -> None:
        """Sets an event from now on."""

    def unlisten(self, event: threading.Event) -> None:
        """Ends that."""


class JSONLSubscription(DCBListenNotifySubscription[Any]):
    """Events as they are recorded; a context manager, which must be left for its thread to end."""

    def __init__(self, recorder: Waking, query: DCBQuery | None = None, after: int | None = None) -> None:
        super().__init__(recorder=recorder, query=query, after=after)
        self._recorder.listen(self._has_been_notified)

    def stop(self) -> None:
        """Ends the subscription."""
        super().stop()
        self._recorder.unlisten(self._has_been_notified)
