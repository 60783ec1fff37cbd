"""Properties of text that is shown."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pith_agent import safe_text
from tests.properties.strategies import ANY_TEXT, QUICK

TERMINAL = st.text(st.sampled_from("\x1b[]()0123;?m\x07\\\x9b\x9d ab\u202e\u200b\n"), max_size=40)


@QUICK
@given(ANY_TEXT | TERMINAL, st.none() | st.integers(1, 60))
def test_shown_text_hides_nothing_and_is_a_fixed_point(text, limit):
    shown = safe_text(text, limit)

    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert "  " not in shown
    assert shown == shown.strip()
    assert safe_text(shown, limit) == shown
    assert limit is None or len(shown) <= limit
    shown.encode("utf-8")


@QUICK
@given(st.text(st.characters(categories=("L", "N", "P", "S")), max_size=40))
def test_visible_text_is_kept_as_it_is(text):
    assert safe_text(text) == text
