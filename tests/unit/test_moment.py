"""Times as statements, keys and ledgers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pith_agent.protocol.moment import parse_time, time_text


def test_a_time_is_written_in_utc_and_read_as_it_was():
    noon = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=-7)))

    assert time_text(noon) == time_text(elsewhere) == "2026-05-01T12:00:00Z"
    assert parse_time(time_text(noon)) == noon


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "2026-01-01",
        "2026-02-30T00:00:00Z",
        "2026-2-03T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z",
        "x" * 20,
    ],
)
def test_what_is_no_time_is_none(text):
    assert parse_time(text) is None
