"""Times as statements, keys and ledgers write them: UTC, to the second."""

from datetime import UTC, datetime

TIME = "%Y-%m-%dT%H:%M:%SZ"
"""`YYYY-MM-DDTHH:MM:SSZ`, for `strftime` and `strptime`."""


def parse_time(text: object) -> datetime | None:
    """A time in that form; `None` if it is none. Total."""
    if not isinstance(text, str) or len(text) != 20 or not text.isascii():
        return None
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def time_text(moment: datetime) -> str:
    """A time with a time zone, in that form."""
    return moment.astimezone(UTC).strftime(TIME)
