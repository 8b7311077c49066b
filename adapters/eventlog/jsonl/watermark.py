"""The watermark, `logs/head`: a position that is surely on the disk, so that a log that was cut or replaced is found
out.

A hash chain alone cannot see that its end is missing. The file has two slots, at bytes 0 and 4096, written in turn
and synced after the log's own sync, so that one of them is whole whatever interrupts the writing. A slot is one line
of 512 bytes, filled up with spaces before its LF:

    {"log":"<32 hex>","counter":12,"position":9,"size":4711,"hash":"<64 hex>","reconciled":9,"check":"<64 hex>"}

`position` ends a batch, `size` is the byte offset after its line, `hash` its hash; `reconciled` is the position up to
which all file work of the images is done. Before `check` may stand `"ended":true`, where the writer stopped in order
there and wrote nothing after it, and then `"seal"`, what `logs/.key` makes of the bytes before it. `check` is the
SHA-256 of the bytes before `,"check"`. The valid slot with the higher counter holds; a counter n is written to slot n
modulo 2. Position 0 stands after the header: its `hash` is the header's.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import Tip
from adapters.eventlog.jsonl.seals import Key, Proof, proof_of

SLOT_BYTES = 512
"""One sector, so that a disk writes a slot whole or not at all."""
SLOT_DISTANCE = 4096
"""In different blocks, so that no disk writes both slots when it writes one."""
SLOTS = 2

MOST = 10**18
"""Numbers have at most 18 digits."""

_ID, _SEAL = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{64}")
_FIELDS = {"log": str, "counter": int, "position": int, "size": int, "hash": str, "reconciled": int}
_OPTIONAL = {"ended": bool, "seal": str}


class Slot(NamedTuple):
    """One watermark: the log's id, which writing of the file it is, the point in the log, how far the image files are
    done, and whether the writer stopped in order there.

    `seal` is the one that was read; `proof` what it says, where that was asked.
    """

    log_id: str
    counter: int
    tip: Tip
    reconciled: int
    ended: bool = False
    seal: str | None = None
    proof: Proof = Proof.NOT_ASKED

    def sealed(self, key: Key) -> Slot:
        """This watermark with its seal."""
        return self._replace(seal=key.of_head(_body(self)), proof=Proof.SEALED)

    def asked(self, key: Key | None) -> Slot:
        """This watermark with what its seal says by the key that stands; None where none does."""
        return self._replace(proof=proof_of(_body(self), self.seal, key))


def encode_slot(slot: Slot) -> bytes:
    """A slot's SLOT_BYTES."""
    body = _body(slot)
    if slot.seal is not None:
        body = b'%b,"seal":"%b"' % (body, slot.seal.encode())
    line = b'%b,"check":"%b"}' % (body, sha256(body).hexdigest().encode())
    return line.ljust(SLOT_BYTES - 1) + b"\n"


def decode_slot(data: bytes) -> Slot | None:
    """The slot of these bytes, None where they are no valid one."""
    try:
        fields: dict[str, Any] = orjson.loads(data)
        kinds = {name: type(value) for name, value in fields.items() if name != "check"}
        if kinds != _FIELDS | {name: kind for name, kind in _OPTIONAL.items() if name in fields}:
            return None
        tip = Tip(fields["position"], fields["size"], bytes.fromhex(fields["hash"]))
        found = Slot(
            log_id=fields["log"],
            counter=fields["counter"],
            tip=tip,
            reconciled=fields["reconciled"],
            ended=fields.get("ended", False),
            seal=fields.get("seal"),
        )
    except (ValueError, AttributeError):
        return None
    return found if encode_slot(found) == data and _is_ours(found) else None


def _is_ours(slot: Slot) -> bool:
    """Whether the members have the forms that both verifiers ask for."""
    numbers = (slot.counter, slot.tip.position, slot.tip.offset, slot.reconciled)
    return (
        min(numbers) >= 0
        and max(numbers) < MOST
        and len(slot.tip.digest) == sha256().digest_size
        and _ID.fullmatch(slot.log_id) is not None
        and (slot.seal is None or _SEAL.fullmatch(slot.seal) is not None)
    )


def _body(slot: Slot) -> bytes:
    """What a slot says of the log: all that its seal is made of."""
    fields: dict[str, object] = {
        "log": slot.log_id,
        "counter": slot.counter,
        "position": slot.tip.position,
        "size": slot.tip.offset,
        "hash": slot.tip.digest.hex(),
        "reconciled": slot.reconciled,
    }
    return orjson.dumps(fields | {"ended": True} if slot.ended else fields)[:-1]


def read_slots(files: Files, fd: int) -> list[Slot]:
    """The valid slots of an open watermark, the one that holds first."""
    found = [decode_slot(files.read_all_at(fd, SLOT_BYTES, number * SLOT_DISTANCE)) for number in range(SLOTS)]
    return sorted(filter(None, found), key=lambda slot: slot.counter, reverse=True)


def write_slot(files: Files, fd: int, slot: Slot) -> None:
    """Writes a slot in its turn, the other one untouched. It holds for sure once the file is synced."""
    files.write_all_at(fd, encode_slot(slot), slot.counter % SLOTS * SLOT_DISTANCE)
