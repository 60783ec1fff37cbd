"""What hypothesis makes for these properties, and how long it may take."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

QUICK = settings(
    max_examples=100,
    deadline=None,
    # Runs in CI are repeatable; a run at a desk looks in new places.
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
"""Text with everything in it that Python can hold: surrogates, controls, noncharacters."""
UTF8_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
SAFE_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN_KEYS = st.text(st.characters(codec="utf-8", max_codepoint=0xD7FF), max_size=20)


def trees(leaves, keys):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=15,
    )


CANONICAL = trees(st.none() | st.booleans() | SAFE_INTEGERS | UTF8_TEXT, PLAIN_KEYS)
"""Values that have one canonical serialisation."""
JSON = trees(st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT, ANY_TEXT)
"""Whatever a program that knows JSON could pass."""
OBJECTS = st.dictionaries(ANY_TEXT, JSON, max_size=6)
