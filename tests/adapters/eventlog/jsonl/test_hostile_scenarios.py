"""Every hostile scenario of the log and of its disk is acted out by tests, named here, wherever they are."""

from __future__ import annotations

import pytest

from tests.hostile.rows import Row, assert_acted_out, scenarios

OPENING = "tests.adapters.eventlog.jsonl.test_opening"
STARTING = "tests.adapters.eventlog.jsonl.test_starting"
WRITING = "tests.adapters.eventlog.jsonl.test_writing"
EVERY_BYTE = "tests.adapters.eventlog.jsonl.test_every_byte"
CRASH_POINTS = "tests.adapters.application.test_crash_points"
DAYS = "tests.adapters.application.test_days"
AUDIT = "tests.adapters.cli.test_audit"
FAILING_PARTS = "tests.adapters.http.test_failing_parts"
FULL_DISK = "tests.crash.test_full_disk"

FOREIGN = f"{OPENING}.test_a_file_without_our_header_is_foreign_and_left_alone"
DAMAGED = f"{OPENING}.test_damage_in_acknowledged_history_is_refused"
DAMAGED_BEFORE_A_LATER_BATCH = f"{OPENING}.test_damage_before_a_later_batch_is_refused_without_a_watermark_too"
TORN = f"{OPENING}.test_what_a_power_cut_may_leave_of_the_last_batch_is_dropped"
TAKEN_AWAY = f"{WRITING}.test_a_log_that_is_taken_away_stops_the_writer"
FAILED_SYNC = f"{WRITING}.test_a_failed_sync_stops_for_good"

ACTED_OUT: dict[str, tuple[str, ...]] = {
    "second process starts": (
        "tests.adapters.eventlog.jsonl.test_locking.test_a_second_process_is_refused_and_told_who_holds_the_log",
    ),
    "header line with an unknown format number": (FOREIGN,),
    "image file without event": (
        f"{AUDIT}.test_an_image_that_the_log_does_not_know_is_foreign_and_can_be_adopted",
        "tests.adapters.application.test_hostile_saves.test_a_file_that_the_log_does_not_know_is_never_touched",
    ),
    "line with U+2028 / U+0085 inside a string": (
        f"{OPENING}.test_what_other_programs_take_for_a_line_end_ends_no_line",
    ),
    "each byte flipped, 3 bits each": (
        f"{EVERY_BYTE}.test_no_flipped_bit_is_silent",
        f"{EVERY_BYTE}.test_no_flipped_bit_above_the_watermark_gives_a_wrong_answer",
    ),
    "blank line in the middle": (DAMAGED, DAMAGED_BEFORE_A_LATER_BATCH),
    "trailing 4096 zero bytes": (TORN,),
    "log missing": (
        f"{STARTING}.test_a_missing_log_is_refused_beside_what_it_left",
        f"{STARTING}.test_a_first_start_makes_the_log_and_what_belongs_to_it",
    ),
    "log mode 0444 or owned by other user": (
        f"{STARTING}.test_a_write_protected_log_is_refused",
        f"{STARTING}.test_a_log_of_another_user_is_refused",
    ),
    "snapshot with one byte changed": (
        "tests.adapters.application.test_snapshots.test_a_snapshot_with_any_byte_changed_is_ignored",
        "tests.adapters.eventlog.jsonl.test_snapshots.test_a_changed_snapshot_is_not_used_whatever_byte_it_is",
    ),
    "last line deleted (clean cut on newline)": (f"{OPENING}.test_a_log_that_was_cut_is_refused",),
    "event without image file": (
        f"{FAILING_PARTS}.test_an_image_without_a_file_is_said_by_readiness_and_stops_no_start",
        f"{CRASH_POINTS}.test_a_standing_name_without_a_file_is_reported_and_holds_nothing_back",
    ),
    "lock file deleted while running": (
        "tests.adapters.eventlog.jsonl.test_locking.test_a_deleted_lock_file_lets_no_second_writer_in",
    ),
    "CRLF line ends": (DAMAGED,),
    "image bytes changed on disk": (f"{AUDIT}.test_changed_bytes_are_a_wrong_hash",),
    "hole of zeros in the middle of last batch, valid records after it": (TORN,),
    "UTF-8 BOM at start": (FOREIGN,),
    "hole of zeros in an earlier batch": (DAMAGED, DAMAGED_BEFORE_A_LATER_BATCH),
    "tmp file left from crash": (f"{CRASH_POINTS}.test_what_was_staged_and_not_recorded_is_removed",),
    "two lines swapped": (DAMAGED, DAMAGED_BEFORE_A_LATER_BATCH),
    "logrotate copytruncate while running": (TAKEN_AWAY,),
    "mv + recreate while running": (TAKEN_AWAY,),
    "rename EXDEV/EACCES": ("tests.crash.test_faults.test_an_image_whose_rename_fails_is_served_from_where_it_is",),
    "fdatasync ENOSPC once (thin volume)": (FAILED_SYNC,),
    "write() ENOSPC": (
        f"{FAILING_PARTS}.test_a_full_disk_is_507_and_deletions_still_work",
        f"{WRITING}.test_a_full_disk_refuses_the_batch_and_gives_up_a_part_of_the_reserve_file",
        f"{FULL_DISK}.test_deletions_are_recorded_and_make_room",
    ),
    "fdatasync EIO once": (FAILED_SYNC,),
    "write() returns short count": (f"{WRITING}.test_short_writes_and_reads_are_looped_over",),
    "SIGTERM during batch": ("tests.crash.test_kills.test_a_service_told_to_stop_under_load_answers_or_does_not",),
    "clock jumps -1 h / +10 y": (
        f"{DAYS}.test_a_clock_set_back_by_an_hour_reopens_no_day",
        "tests.adapters.cli.test_changes_on_the_log.test_a_clock_that_once_stood_ten_years_ahead",
    ),
    "MemoryError in handler": (f"{FAILING_PARTS}.test_memory_that_runs_out_fails_one_request_and_harms_nothing",),
    "disk 100 % full at start": (
        f"{FULL_DISK}.test_a_full_disk_at_start_admits_only_what_frees",
        f"{WRITING}.test_a_start_on_a_full_disk_serves_and_admits_only_what_frees",
    ),
}
ROWS = [*scenarios("eventlog"), *scenarios("fault")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_scenario_has_its_tests(row: Row) -> None:
    """A new row must be acted out, and a test that is renamed must be named here anew."""
    assert_acted_out(row, ACTED_OUT)


def test_no_scenario_is_named_that_there_is_not() -> None:
    """The table is of the rows, and of all of them."""
    assert set(ACTED_OUT) == {row.input.text for row in ROWS}
