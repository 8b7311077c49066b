"""Every hostile scenario that concerns the log is acted out by a test, named here; the others belong to other parts."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.hostile.rows import Row, Scenario, scenarios

FOREIGN = "test_opening.test_a_file_without_our_header_is_foreign_and_left_alone"
DAMAGED_BEFORE_A_LATER_BATCH = "test_opening.test_damage_before_a_later_batch_is_refused_without_a_watermark_too"
ACTED_OUT = {
    "second process starts": "test_locking.test_a_second_process_is_refused_and_told_who_holds_the_log",
    "header line with an unknown format number": FOREIGN,
    "line with U+2028 / U+0085 inside a string": "test_format.test_data_are_embedded_only_in_orjsons_own_form",
    "each byte flipped, 3 bits each": "test_every_byte.test_no_flipped_bit_is_silent",
    "blank line in the middle": "test_opening.test_damage_in_acknowledged_history_is_refused",
    "trailing 4096 zero bytes": "test_opening.test_what_a_power_cut_may_leave_of_the_last_batch_is_dropped",
    "log missing": "test_starting.test_a_missing_log_is_refused_beside_what_it_left",
    "log mode 0444 or owned by other user": "test_starting.test_a_write_protected_log_is_refused",
    "last line deleted (clean cut on newline)": "test_opening.test_a_log_that_was_cut_is_refused",
    "lock file deleted while running": "test_locking.test_a_deleted_lock_file_lets_no_second_writer_in",
    "CRLF line ends": "test_opening.test_damage_in_acknowledged_history_is_refused",
    "hole of zeros in the middle of last batch, valid records after it": (
        "test_opening.test_what_a_power_cut_may_leave_of_the_last_batch_is_dropped"
    ),
    "UTF-8 BOM at start": FOREIGN,
    "hole of zeros in an earlier batch": DAMAGED_BEFORE_A_LATER_BATCH,
    "two lines swapped": "test_opening.test_damage_in_acknowledged_history_is_refused",
    "logrotate copytruncate while running": "test_writing.test_a_log_that_is_taken_away_stops_the_writer",
    "mv + recreate while running": "test_writing.test_a_log_that_is_taken_away_stops_the_writer",
    "fdatasync EIO once": "test_writing.test_a_failed_sync_stops_for_good",
    "fdatasync ENOSPC once (thin volume)": "test_writing.test_a_failed_sync_stops_for_good",
    "write() ENOSPC": "test_writing.test_a_full_disk_refuses_the_batch_and_gives_up_the_spare_room",
    "write() returns short count": "test_writing.test_short_writes_and_reads_are_looped_over",
    "disk 100 % full at start": "test_writing.test_a_start_on_a_full_disk_serves_and_admits_only_what_frees",
}
OF_OTHER_PARTS = {
    "image file without event",
    "event without image file",
    "image bytes changed on disk",
    "tmp file left from crash",
    "snapshot with one byte changed",
    "rename EXDEV/EACCES",
    "SIGTERM during batch",
    "clock jumps -1 h / +10 y",
    "MemoryError in handler",
}


@pytest.mark.parametrize("row", [*scenarios("eventlog"), *scenarios("fault")], ids=lambda row: row.id)
def test_a_scenario_has_its_test(row: Row) -> None:
    """A new row must be acted out, or be said to be another part's."""
    assert isinstance(row.input, Scenario)
    text = row.input.text
    if text in OF_OTHER_PARTS:
        return
    module, _, name = ACTED_OUT[text].partition(".")
    assert callable(getattr(import_module(f"tests.adapters.eventlog.{module}"), name))
