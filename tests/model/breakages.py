"""Rules of the program, each to be broken by its name, to see that the state machine would notice.

A breakage is one that a change could bring: something left out, done twice, or done in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from eventsourcing.dcb.api import DCBEvent

from adapters.application import deleting, opening
from adapters.application.opening import OpenRoot
from adapters.application.results import DeletedImage
from adapters.eventlog.jsonl import writing
from adapters.eventlog.jsonl.format import Tip, encode_batch
from adapters.eventlog.jsonl.reserve_file import disk_full
from adapters.eventlog.jsonl.writing import LogWriter
from adapters.imagestore.local.image_store import LocalImageStore
from adapters.ledger import ledger
from adapters.ledger.pending import Accepted
from domain import decisions, images, reserving, tiers
from domain.commands import ReleaseExpired
from domain.events import ImageDeleted
from domain.limits import Limits, Override, effective
from domain.quota_checks import Demand, check
from domain.refusals import Refusal
from domain.reservations import Reservation
from domain.usage import find_day
from domain.windows import Tally
from projections import answers, image_index, quota_state, stored_state
from projections.daily_quota import DailyQuota
from projections.deadlines import Deadlines
from projections.image_index import UserImages
from projections.quota_fold import QuotaFold
from projections.user_quota import UserQuota
from tests.crash.faulty_files import SmallFiles

Break = Callable[[pytest.MonkeyPatch], None]


class Breakage(NamedTuple):
    """A rule, by what the program does without it. A history that shows it may be `rare`."""

    rule: str
    break_it: Break
    rare: bool = False


def _nothing(*_arguments: Any, **_keywords: Any) -> None:
    """What is left out."""


def _refunds_twice(patch: pytest.MonkeyPatch) -> None:
    once = DailyQuota.change

    def change(self: DailyQuota, held: Reservation, own: Tally, refunded: int = 0) -> None:
        charged = find_day(self.days(held.user), held.day)
        once(self, held, own, min(2 * refunded, charged.count if charged else 0))

    patch.setattr(DailyQuota, "change", change)


def _refunds_what_was_delivered(patch: pytest.MonkeyPatch) -> None:
    plain = reserving.release_places

    def release(*arguments: Any) -> Any:
        released: Any = plain(*arguments)
        return released if isinstance(released, Refusal) else (released[0]._replace(refunded=released[0].count),)

    patch.setattr(reserving, "release_places", release)


def _keeps_the_hold(patch: pytest.MonkeyPatch) -> None:
    plain = UserQuota.apply

    def apply(self: UserQuota, user: str, *, image_change: int = 0, held_change: int = 0, **others: int) -> None:
        held_change = 0 if image_change > 0 else held_change
        plain(self, user, image_change=image_change, held_change=held_change, **others)

    patch.setattr(UserQuota, "apply", apply)


def _charges_overwrites_whole(patch: pytest.MonkeyPatch) -> None:
    def ask(demand: Demand, *others: Any) -> Any:
        return check(demand._replace(growth=demand.growth + demand.replaced_bytes), *others)

    patch.setattr(images, "check", ask)


def _asks_for_bytes_first(patch: pytest.MonkeyPatch) -> None:
    def ask(demand: Demand, *others: Any) -> Any:
        bytes_alone = check(demand._replace(places=0), *others)
        return bytes_alone if isinstance(bytes_alone, Refusal) else check(demand, *others)

    patch.setattr(images, "check", ask)
    patch.setattr(reserving, "check", ask)


def _gives_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "release_abandoned", lambda _ledger, **_given: None)


def _forgets_to_release(patch: pytest.MonkeyPatch) -> None:
    plain = decisions.decide

    def decide(command: Any, *others: Any) -> Any:
        return () if isinstance(command, ReleaseExpired) else plain(command, *others)

    patch.setattr(ledger, "decide", decide)


def _reopens_days(patch: pytest.MonkeyPatch) -> None:
    plain = QuotaFold._clock_corrected

    def correct(self: QuotaFold, event: Any) -> None:
        plain(self, event)
        for user in [user for user, _ in self._tables.days.items()]:
            self._tables.days.drop(user)

    patch.setattr(QuotaFold, "_clock_corrected", correct)


def _snapshot_without(table: str) -> Break:
    def break_it(patch: pytest.MonkeyPatch) -> None:
        plain = stored_state.load
        patch.setattr(
            "adapters.ledger.snapshot_state.load",
            lambda rows, *others: plain({**rows, table: []}, *others),
            raising=True,
        )

    return break_it


def _snapshot_without_deadlines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quota_state, "Deadlines", lambda _reservations: Deadlines())


def _watermark_before_the_sync(patch: pytest.MonkeyPatch) -> None:
    def append(self: LogWriter, events: Sequence[DCBEvent]) -> None:
        lines, digest = encode_batch(events, self._log.tip)
        try:
            self._files.write_all(self._held.log_fd, b"".join(lines))
        except OSError as error:
            self._take_back()
            self._give_up_room()
            raise disk_full(self._log.paths.logs) from error
        offset = self._log.tip.offset
        for line in lines:
            offset += len(line)
            self._log.starts.append(offset)
        self._log.tip = Tip(self._log.tip.position + len(lines), offset, digest)
        self.checkpoint()
        self._sync(self._held.log_fd)

    patch.setattr(writing.LogWriter, "append", append)


def _log_not_synced(patch: pytest.MonkeyPatch) -> None:
    plain = SmallFiles.sync_data

    def sync(self: SmallFiles, fd: int) -> None:
        if self.path_of(fd).name != "events.jsonl":
            plain(self, fd)

    patch.setattr(SmallFiles, "sync_data", sync)


def _own_limits_for_ever(patch: pytest.MonkeyPatch) -> None:
    plain = effective

    def for_ever(policy: Limits, own: Override | None, at: str) -> Limits:
        return plain(policy, own and own._replace(until=None), at)

    patch.setattr(tiers, "effective", for_ever)


def _file_left(patch: pytest.MonkeyPatch) -> None:
    def deleted(_root: OpenRoot, accepted: Accepted) -> DeletedImage:
        position, event = accepted.recorded[-1]
        assert isinstance(event, ImageDeleted)
        return DeletedImage(event.user, event.name, event.bytes, position, accepted.replayed)

    patch.setattr(deleting, "deleted", deleted)


def _keys_kept_for_nine_days(patch: pytest.MonkeyPatch) -> None:
    for module in (decisions, answers):
        patch.setattr(module, "ANSWERS_KEPT_SECONDS", 9 * 86_400)


def _one_key_for_all_actors(patch: pytest.MonkeyPatch) -> None:
    for module in (decisions, answers):
        plain = module.idempotency_tag
        patch.setattr(module, "idempotency_tag", lambda _by, key, plain=plain: plain("anybody", key))


def _keeps_the_place_in_the_gallery(patch: pytest.MonkeyPatch) -> None:
    plain = UserImages.put

    def put(self: UserImages, key: str, line: str) -> None:
        if key in self.lines:
            self.lines[key] = line
        else:
            plain(self, key, line)

    patch.setattr(UserImages, "put", put)


def _set(module: Any, name: str, value: Any) -> Break:
    return lambda patch: patch.setattr(module, name, value)


BREAKAGES = (
    Breakage("a refund is given twice", _refunds_twice),
    Breakage("a delivered place is given back", _refunds_what_was_delivered),
    Breakage("a settled place keeps its hold", _keeps_the_hold),
    Breakage("an overwrite must find room for all its bytes", _charges_overwrites_whole, rare=True),
    Breakage("bytes are asked for before the day", _asks_for_bytes_first),
    Breakage("expired places stay", _forgets_to_release),
    Breakage("a start gives nothing back", _gives_nothing_back),
    Breakage("a corrected clock reopens days", _reopens_days),
    Breakage("a snapshot lacks the answers", _snapshot_without("answers")),
    Breakage("a snapshot lacks the reservations", _snapshot_without("reservations")),
    Breakage("a snapshot lacks the users' own limits", _snapshot_without("overrides")),
    Breakage("a snapshot lacks the recorded refusals", _snapshot_without("refusals")),
    Breakage("a start from a snapshot notes no deadlines", _snapshot_without_deadlines, rare=True),
    Breakage("a deletion leaves the file", _file_left),
    Breakage("the watermark is written before the log is synced", _watermark_before_the_sync, rare=True),
    Breakage("the log is not synced", _log_not_synced),
    Breakage("a key is one for all actors", _one_key_for_all_actors),
    Breakage("a key is kept for nine days", _keys_kept_for_nine_days, rare=True),
    Breakage("own limits hold for ever", _own_limits_for_ever),
    Breakage("a fresh name comes again", _set(image_index, "fresh_number", _nothing)),
    Breakage("bytes of a refused save stay staged", _set(LocalImageStore, "discard", _nothing)),
    Breakage("an overwrite keeps its place in the gallery", _keeps_the_place_in_the_gallery, rare=True),
)
