"""What the comparison of a claimed title comes to. `titles` compares, and takes longer to load."""

from typing import Literal, TypeAlias

from pith_agent.protocol.stated import Stated

Match: TypeAlias = Literal["exact", "variant", "near-miss", "truncated", "different", "unconfirmed"]
"""`exact` and `variant` are the signed title, `truncated` is a part of it. `near-miss` and
`different` are not it. `unconfirmed`: there is nothing to compare with."""

MAX_TITLE_LENGTH = 2_000
"""Characters of a title that are compared. The longest known title has 193."""


class TitleMatch(Stated):
    """What the record says of a claimed title."""

    match: Match
    detail: str
    """One sentence for people."""
    signed_title: str | None = None
    """The authenticated title, safe to show; `None` if the record shows none."""
    difference: str = ""
    """What was altered, signed → claimed: `Reasoning → Inference`. Empty unless words differ in
    a title that is otherwise the same."""

    @property
    def holds(self) -> bool:
        """Whether the claimed title is the signed one."""
        return self.match in ("exact", "variant")
