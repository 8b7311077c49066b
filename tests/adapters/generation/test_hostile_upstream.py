"""Every hostile scenario of the services that are called is acted out by tests, named here, wherever they are."""

from __future__ import annotations

import pytest

from tests.hostile.rows import Row, assert_acted_out, scenarios

CALLS = "tests.adapters.generation.test_calls"
STABILITY = "tests.adapters.generation.test_stability_failures"
IMAGE_URL = "tests.adapters.generation.test_image_url"
HTTP = "tests.adapters.http.test_failing_provider"
IDENTIFYING = "tests.adapters.discord.test_identifying"

ACTED_OUT: dict[str, tuple[str, ...]] = {
    "content filtered result": (
        f"{HTTP}.test_a_filtered_picture_is_charged_by_the_setting_and_the_user_is_told",
        f"{STABILITY}.test_what_is_filtered_or_failed_is_left_out",
    ),
    "Stability 429 with Retry-After: 3600": (
        f"{HTTP}.test_a_service_that_asks_to_wait_an_hour_is_asked_once",
        f"{CALLS}.test_a_wait_that_is_too_long_for_a_request_is_told_and_kept",
    ),
    "Stability 200 with HTML body": (f"{HTTP}.test_an_answer_without_a_picture_is_a_bad_gateway",),
    "Stability 500 x 5": (
        f"{HTTP}.test_a_service_that_fails_five_times_is_left_alone",
        f"{CALLS}.test_what_fails_is_tried_again_only_where_nothing_can_be_paid_twice",
        f"{CALLS}.test_the_wait_before_a_try_is_spread_from_nothing_to_its_bound",
        f"{CALLS}.test_a_failing_service_is_left_alone_after_five_failures",
    ),
    "Stability 200 with 2 GB body": (
        f"{HTTP}.test_an_answer_larger_than_the_largest_image_is_cut_off",
        f"{STABILITY}.test_an_endless_answer_is_cut_off",
    ),
    "Discord attachment URL to other host": (
        f"{IMAGE_URL}.test_whatever_is_not_plainly_a_listed_host_is_refused_without_a_look_up",
    ),
    "Discord gateway INVALID_SESSION loop": (
        f"{IDENTIFYING}.test_an_invalid_session_loop_makes_no_storm_of_identifies",
        f"{IDENTIFYING}.test_a_day_of_voided_sessions_stays_far_below_what_discord_allows",
    ),
    "DNS failure": (
        f"{HTTP}.test_images_are_saved_while_the_image_service_has_no_address",
        f"{CALLS}.test_a_name_that_is_not_found_opens_the_breaker",
    ),
}
ROWS = scenarios("upstream")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_scenario_has_its_tests(row: Row) -> None:
    """A new row must be acted out, and a test that is renamed must be named here anew."""
    assert_acted_out(row, ACTED_OUT)


def test_no_scenario_is_named_that_there_is_not() -> None:
    """The table is of the rows, and of all of them."""
    assert set(ACTED_OUT) == {row.input.text for row in ROWS}
