"""The core of a paper fits in what a model is given, whatever a record says."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from pith_agent.answers import fetched
from pith_agent.protocol.coverage import snapshot_sha256
from pith_agent.protocol.verify import examine
from pith_agent.tools.results import MAX_CORE, paper
from tests.documents import TRUST, as_bytes, signed_record

texts = st.one_of(
    st.text(max_size=300),
    st.sampled_from(['"', "\\", '"\\', "é", "\U0001f600", "\x01", "a b "]).map(lambda t: t * 700),
)


@settings(deadline=None, max_examples=60)
@given(
    authors=texts, headline=texts, abstract=texts, title=texts, claims=st.lists(texts, max_size=8)
)
def test_the_core_of_a_verified_paper_has_at_most_4000_characters(
    authors, headline, abstract, title, claims
):
    document = signed_record(title=title or "x")
    document["paper"] |= {
        "authors_text": authors,
        "headline": headline,
        "abstract_excerpt": abstract,
    }
    items = [{"claim_id": f"C{n}", "text": text, "kind": text} for n, text in enumerate(claims)]
    document["graph_snapshot"]["claims"] = {
        "count": len(items),
        "items": items,
        "snapshot_sha256": snapshot_sha256(items),
    }
    body = as_bytes(document)

    core = paper(fetched("x" * 200, examine(body, TRUST), body, "u" * 200), "https://example.org")

    shown = core.model_dump(mode="json", exclude_defaults=True)
    assert core.verdict == "verified"
    assert len(json.dumps(shown, ensure_ascii=False, separators=(",", ":"))) <= MAX_CORE
