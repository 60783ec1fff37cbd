"""Properties of the quick proof: it proves nothing that the whole report does not."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from pith_agent import STANDARD, TrustRoot, examine, parse_identifier, parse_lock, verify
from pith_agent.protocol.lock import dump_lock, paper_of
from pith_agent.protocol.locked import prove_locked
from pith_agent.protocol.policy import Question
from tests.documents import TRUST, VECTORS, real_record, rows, signed_record
from tests.locks import locked
from tests.properties.strategies import JSON, QUICK
from tests.properties.test_verify import changed, places

PAPERS = [
    paper_of(verify(real_record()), claims=True),
    paper_of(verify(real_record()), claims=False),
    paper_of(verify(signed_record(), TRUST), claims=True),
]
ROOTS = [None, None, TRUST]
NAMES = st.sampled_from(
    [
        *("2402.13116", "2402.13116v4", "2402.13116v1", "1706.03762", "10.48550/arXiv.2402.13116"),
        *("pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC", "pith:1999:ODXWRQYNXKOR3ZX6FVYSFXZLUC"),
        *("pith:ODXWRQYN", "pith:AAAAAAAA", "10.1145/1"),
    ]
)
SMALL = JSON | st.sampled_from([None, "", 0, 1, True, [], {}, "1.0", "é", "2402.13116", 4, "4"])


def outcomes(paper, name, root):
    asked = parse_identifier(name, context="pith")
    trust = root or TrustRoot.bundled()
    report = examine(paper, trust, question=Question(asked=asked))
    return prove_locked(copy.deepcopy(paper), asked, trust, STANDARD), report


def test_what_a_lock_holds_of_a_published_record_is_proved_the_quick_way():
    proved = 0
    for row in rows(VECTORS / "complete.jsonl"):
        record = examine(row).record
        if record is None:
            continue
        paper = paper_of(record, claims=True)
        name = f"{record.signed.source.id}v{record.signed.source.version}"
        found, report = outcomes(paper, name, None)
        assert found == report.require()
        assert found.coverage == report.coverage.model_copy(update={"document_bytes": None})
        proved += 1
    assert proved >= 3


@QUICK
@given(st.data(), st.integers(0, len(PAPERS) - 1), NAMES)
def test_a_changed_paper_is_proved_the_quick_way_only_if_every_rule_holds(data, which, name):
    paper = PAPERS[which]
    for _ in range(data.draw(st.integers(0, 2))):
        path = data.draw(st.sampled_from(sorted(places(paper), key=str)))
        paper = changed(paper, path, data.draw(SMALL | st.just(...)))
    found, report = outcomes(paper, name, ROOTS[which])

    if found is not None:
        assert found == report.require()
        assert all(check.status in ("pass", "skipped") for check in report.checks)


@QUICK
@given(st.dictionaries(st.sampled_from(["title", "pith_short", "aliases", "x"]), JSON, max_size=2))
def test_a_paper_with_a_further_name_is_left_to_the_whole_report(more):
    lock = locked(signed_record())
    ((suffix, paper),) = parse_lock(dump_lock(lock)).papers.items()
    found, _ = outcomes({**paper, **more}, "2402.13116", TRUST)

    assert (found is None) == bool(more)
    assert suffix
