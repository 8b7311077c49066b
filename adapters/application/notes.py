"""What kinds of notes there are for an operator, and a note: a sentence that knows its kind.

A sentence is for people and may change; a kind is for alerts, and has its row in `docs/operations.md`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class NoteKind(StrEnum):
    """Why a storage is not ready, or is and should be looked at; the last is nothing wrong."""

    STORAGE_UNAVAILABLE = "storage_unavailable"
    DISK_STUCK = "disk_stuck"
    LEDGER_STOPPED = "ledger_stopped"
    LOG_UNREACHABLE = "log_unreachable"
    CLOCK_BEHIND = "clock_behind"
    PICTURES_NOT_KEPT = "pictures_not_kept"
    LOG_AHEAD = "log_ahead"
    SEAL_FILE = "seal_file"
    IMAGES_APART = "images_apart"
    IMAGES_UNREADABLE = "images_unreadable"
    IMAGES_MISSING = "images_missing"
    NOT_DELETED_YET = "not_deleted_yet"
    NOT_IN_PLACE_YET = "not_in_place_yet"
    BOT_ENDED = "bot_ended"
    BOT_OFFLINE = "bot_offline"
    WEBHOOKS_BEHIND = "webhooks_behind"
    WEBHOOKS_STOPPED = "webhooks_stopped"
    PAYMENTS_DISPUTED = "payments_disputed"
    PURCHASES_UNREADABLE = "purchases_unreadable"
    LOG_BEGUN = "log_begun"


class Note(str):
    """The sentence, of a kind."""

    __slots__ = ("kind",)

    kind: NoteKind

    def __new__(cls, kind: NoteKind, sentence: str) -> Self:
        """Both together."""
        note = super().__new__(cls, sentence)
        note.kind = kind
        return note
