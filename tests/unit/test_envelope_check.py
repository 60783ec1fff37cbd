"""C2: which key of many signed, when the key ids say so, lie, or are there to cause work."""

import hashlib
import json
import time

import pytest

from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.envelope_check import MAX_TRIALS, check_signature, open_envelope
from tests.documents import CITING_KEY
from tests.unit.envelopes import ENVELOPE, OTHER, STATEMENT, examined, outcome

STRANGERS = tuple(hashlib.sha256(b"stranger %d" % n).digest() for n in range(10_000))
"""As many keys as a list of signers may have. None of them signed."""

(HONEST,) = ENVELOPE["signatures"]
(SECOND,) = json.loads(OTHER.sign(STATEMENT).canonical())["signatures"]
JUNK = {"keyid": "0" * 64, "sig": SECOND["sig"]}
"""A signature that holds for no key that is accepted in these tests."""


def with_signatures(*signatures):
    return {**ENVELOPE, "signatures": list(signatures)}


def lying(signature, keyid="f" * 64):
    return {**signature, "keyid": keyid}


@pytest.mark.parametrize("place", [0, 5_000, 10_000])
def test_an_honest_key_id_finds_its_key_among_ten_thousand(place):
    signers = (*STRANGERS[:place], CITING_KEY.public, *STRANGERS[place:])
    hostile = with_signatures(*[JUNK] * 15, HONEST)

    began = time.perf_counter()
    report = examined(hostile, signers)

    assert (report.verdict, report.signed_by) == ("verified", (CITING_KEY.keyid,))
    # 16 signatures and 10,000 keys would be 160,000 trials, of 50 µs each.
    assert time.perf_counter() - began < 4


@pytest.mark.parametrize("place", range(0, MAX_TRIALS // 16, 9))
def test_a_lying_key_id_hides_no_key_where_few_are_accepted(place):
    few = STRANGERS[: MAX_TRIALS // 16 - 1]
    signers = (*few[:place], CITING_KEY.public, *few[place:])
    strangers_id = hashlib.sha256(few[-1]).hexdigest()

    for lie in (lying(HONEST), lying(HONEST, strangers_id)):
        assert outcome(with_signatures(*[JUNK] * 15, lie), signers=signers) == ("verified", "ok")


def test_a_lying_key_id_among_very_many_keys_is_undecided_and_costs_little():
    signers = (*STRANGERS, CITING_KEY.public)
    began = time.perf_counter()

    assert outcome(with_signatures(*[JUNK] * 15, lying(HONEST)), signers=signers) == (
        "undecidable",
        "unknown-signer",
    )
    assert time.perf_counter() - began < 4


def test_two_key_ids_that_were_exchanged_count_for_who_signed():
    exchanged = with_signatures(lying(HONEST, OTHER.keyid), lying(SECOND, CITING_KEY.keyid))
    opened = open_envelope(exchanged)

    for signers in ((CITING_KEY.public, OTHER.public), (OTHER.public, CITING_KEY.public)):
        assert check_signature(opened, signers)[1] == (CITING_KEY.keyid, OTHER.keyid)
    assert check_signature(opened, (OTHER.public,))[1] == (OTHER.keyid,)


def test_a_signature_counts_for_no_key_but_the_one_that_made_it():
    claimed = with_signatures(lying(SECOND, CITING_KEY.keyid))

    assert outcome(claimed) == ("failed", "invalid-signature")
    assert examined(claimed).signed_by == ()


@pytest.mark.parametrize("count", [17, 3_000])
def test_thousands_of_signatures_are_refused_before_one_is_checked(count):
    began = time.perf_counter()

    assert outcome(with_signatures(*[HONEST] * count), signers=STRANGERS)[1] == "malformed-citation"
    assert time.perf_counter() - began < 4


def test_keys_are_named_in_the_order_of_their_signatures():
    third = CitationKey(bytes(31) + b"\x01")
    (last,) = json.loads(third.sign(STATEMENT).canonical())["signatures"]
    signers = (third.public, CITING_KEY.public, OTHER.public)

    opened = open_envelope(with_signatures(SECOND, last, HONEST))
    assert check_signature(opened, signers)[1] == (OTHER.keyid, third.keyid, CITING_KEY.keyid)
