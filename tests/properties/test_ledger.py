"""The ledger against a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_agent.errors import StorageError
from pith_agent.storage.ledger import Ledger
from tests.documents import CITING_KEY, proved, statement
from tests.properties.strategies import QUICK

RECORD = proved()
ENVELOPES = [CITING_KEY.sign(statement(RECORD, statement=f"{n}")) for n in range(12)]
BATCHES = st.lists(st.lists(st.sampled_from(ENVELOPES), max_size=4), max_size=6)


@QUICK
@given(BATCHES, st.integers(0, 12), st.integers(0, 12))
def test_a_ledger_is_a_list_that_takes_each_statement_once(tmp_path_factory, batches, start, limit):
    ledger = Ledger.open(tmp_path_factory.mktemp("ledger") / "ledger.sqlite3")
    model: list[object] = []
    try:
        for batch in batches:
            ids = [envelope.citation_id for envelope in (*model, *batch)]
            if len(set(ids)) == len(ids):
                places = list(range(len(model), len(model) + len(batch)))
                assert ledger.append(batch) == places
                model += batch
            else:
                with pytest.raises(StorageError):
                    ledger.append(batch)

            assert len(ledger) == len(model)
            assert [entry.envelope for entry in ledger.entries()] == model
        assert [e.envelope for e in ledger.entries(start, limit)] == model[start : start + limit]
        for envelope in ENVELOPES:
            entry = ledger.get(envelope.citation_id)
            assert (entry is not None) == (envelope in model)
            assert entry is None or model[entry.index] == envelope
    finally:
        ledger.close()
