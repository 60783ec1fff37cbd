"""Times as they are typed: a day, or a second of it, in UTC."""

import re
from collections.abc import Callable

import click

from pith_agent.protocol.moment import parse_time


def moment(of_day: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback of an option that takes a time.

    Args:
        of_day: What a day stands for: `T00:00:00Z`, its beginning, or `T23:59:59Z`, its end.
    """

    def read(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
        if given is None:
            return None
        text = given + of_day if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given) else given
        if parse_time(text) is None:
            raise click.BadParameter("Give a day or a time in UTC: 2026-05-01T12:00:00Z.")
        return text

    return read
