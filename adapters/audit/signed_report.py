"""Reports of audits that stand up elsewhere: what they say, how they are signed, read and compared with a later log.

A report is two lines of JSON, as docs/signed-reports.md tells: what is said, and an Ed25519 signature of that line's
bytes. Where keys are kept is `signing_keys`' to know, what is found of log and files `comparison`'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

import orjson

from adapters.audit.report import Audit
from adapters.audit.report_form import is_report
from adapters.audit.signing_keys import SigningKey, signature_fits
from adapters.ledger.snapshot_proof import SnapshotFinding
from adapters.ports.faults import ConfigError, StorageUnavailable
from adapters.ports.log_reports import Damage, LogPoint, LogReport, Tampering
from adapters.wording.figures import printable_lines

FORM = 1
MOST_SAID = 300
_KEY = re.compile("[0-9a-f]{64}")
MAX_BYTES = 1024 * 1024 * 1024
"""A report of a million users has some 200 MB."""
NO_REPORT = (
    "{} is no report of an audit: it has not the two lines that `abby audit --report` writes, or was cut off. Name "
    "another file."
)


class SignedReport(NamedTuple):
    """A report as it was read: what it says, the public key that it names, and whether the signature fits both."""

    said: dict[str, Any]
    key: str
    is_signed: bool

    @property
    def position(self) -> int:
        """The position up to which it vouches for the log."""
        return int(self.said["position"])


def say(
    done: Audit, point: LogPoint, figures: dict[str, Any], snapshots: Sequence[SnapshotFinding], at: str
) -> dict[str, Any]:
    """What a report says: the log up to a point that was surely on the disk, and what the audit found."""
    found = Counter(finding.kind.value for finding in done.findings)
    if snapshots:
        found["snapshot"] = len(snapshots)
    return {
        "abby_report": FORM,
        "at": at,
        "log": done.log.log_id,
        "created": done.log.created,
        "position": point.position,
        "size": point.size_bytes,
        "hash": point.digest,
        "agrees": not found,
        "findings": dict(sorted(found.items())),
        "images": done.images,
        "temp_files": done.temp_files,
        **figures,
    }


def signed(said: dict[str, Any], key: SigningKey) -> bytes:
    """The bytes of a report."""
    body = orjson.dumps(said) + b"\n"
    return body + b'{"key":"%b","signature":"%b"}\n' % (key.public.encode(), key.sign(body).hex().encode())


def read_report(path: Path) -> SignedReport:
    """A report from its file. Raises ConfigError where it is none, StorageUnavailable where it cannot be read."""
    try:
        found = path.stat()
        stored = path.read_bytes() if S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES else b""
    except OSError as error:
        reason = error.strerror or error
        raise StorageUnavailable(
            f"The report {printable_lines(str(path), MOST_SAID)} cannot be read: {reason}."
        ) from error
    body, _, ending = stored.partition(b"\n")
    try:
        said, sealed = orjson.loads(body), orjson.loads(ending)
        signature, key = bytes.fromhex(sealed["signature"]), str(sealed["key"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(NO_REPORT.format(printable_lines(str(path), MOST_SAID))) from error
    if not isinstance(said, dict) or not _KEY.fullmatch(key):
        raise ConfigError(NO_REPORT.format(printable_lines(str(path), MOST_SAID)))
    is_signed = signature_fits(key, signature, body + b"\n")
    if is_signed and not is_report(said):
        raise ConfigError(NO_REPORT.format(printable_lines(str(path), MOST_SAID)))
    return SignedReport(said, key, is_signed)


def not_grown(report: SignedReport, log: LogReport) -> Damage | None:
    """Why a log, whole in itself, is not the one that was reported with more behind it; None where it is. The hash at
    the reported position vouches for every byte before it.
    """
    said = report.said
    then = f"the report of {said['at']} says"
    if log.log_id != said["log"]:
        what = f"another log: its id is {log.log_id}, and {then} {said['log']}"
        return Damage(None, None, what, looks_like=(Tampering.ANOTHER_LOG,))
    if report.position > log.positions:
        what = f"shorter than it was: it ends at position {log.positions}, and {then} that it had {report.position}"
        end, like = log.size_bytes - log.torn_bytes, (Tampering.SHORTER,)
        return Damage(log.positions + 1, end, what, ends_at=log.positions, looks_like=like)
    reported = LogPoint(report.position, said["size"], said["hash"])
    if reported not in log.marked:
        what = f"another history: at this position {then} the hash {said['hash']} after {said['size']:,} bytes"
        offset, like = next((one.size_bytes for one in log.marked), None), (Tampering.ANOTHER_HISTORY,)
        return Damage(report.position, offset, what, looks_like=like)
    return None
