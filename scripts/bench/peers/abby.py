"""This ledger, as the storage opens it."""

from __future__ import annotations

from pathlib import Path

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.hooks import LedgerHooks
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import utc_now
from domain.commands import ReserveGeneration, SaveImage, SetPolicy
from scripts.bench.peer import DAILY, GEN_BYTES, IMAGE_BYTES, SHA256, STORAGE_BYTES, Pair

TTL_SECONDS = 900
LIMITS = SetPolicy(
    by="library",
    source="constructor",
    user_bytes=STORAGE_BYTES,
    pool_bytes=STORAGE_BYTES,
    daily=DAILY,
    gen_bytes=GEN_BYTES,
)


def reserve_command(pair: Pair) -> ReserveGeneration:
    """The reservation of a pair."""
    return ReserveGeneration(pair.user, "library", pair.reservation, TTL_SECONDS, operation="text_to_image")


def save_command(pair: Pair) -> SaveImage:
    """The save of a pair, as it is handed in once the bytes are staged."""
    return SaveImage(
        user=pair.user,
        by="library",
        name=pair.name,
        bytes=IMAGE_BYTES,
        sha256=SHA256,
        media_type="image/png",
        width=64,
        height=64,
        staged=pair.reservation,
        new_reservation=f"f{pair.number:031x}",
        reservation=pair.reservation,
    )


class LogAlone(LedgerHooks):
    """Writes the watermark when the ledger finds a good moment. There are no image files to bring into place."""

    def __init__(self, recorder: JSONLRecorder) -> None:
        self._recorder = recorder

    def checkpoint(self) -> None:
        """As the storage does it."""
        self._recorder.checkpoint(self._recorder.head)


class AbbyPeer:
    """Commands through `QuotaLedger`: decided, hashed, written and synced; image files are another matter."""

    def __init__(self, folder: Path) -> None:
        projector = Projector()
        with collecting_no_garbage():
            self._recorder = JSONLRecorder(folder, clock=utc_now, on_event=projector.take, restore=projector.restore)
        self.ledger = QuotaLedger(self._recorder, clock=utc_now, hooks=LogAlone(self._recorder), projector=projector)
        self.ledger.execute(LIMITS)

    async def reserve(self, pair: Pair) -> None:
        """Through the ledger."""
        assert isinstance(await self.ledger.submit(reserve_command(pair)), Accepted)

    async def save(self, pair: Pair) -> None:
        """Through the ledger."""
        assert isinstance(await self.ledger.submit(save_command(pair)), Accepted)

    async def close(self) -> None:
        """Stops in order."""
        self.ledger.close()
        self._recorder.close()
