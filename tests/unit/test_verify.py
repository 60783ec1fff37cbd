"""Verification of documents: what is refused, by which check, with which code."""

from collections import OrderedDict

import pytest

from pith_agent import STRICT, examine
from pith_agent.protocol import verify as verify_module
from pith_agent.protocol.case import Case
from pith_agent.protocol.policy import NO_QUESTION
from pith_agent.protocol.record import read_document
from pith_agent.protocol.report import Check, decide
from pith_agent.protocol.verify import CHECKS
from tests.documents import TRUST, as_bytes, signed_bundle, signed_compact, signed_record
from tests.unit.tampering import Tampering
from tests.unit.tamperings import rows

TAMPERINGS = rows()
NAMES = {
    check(Case(read_document(signed_record()), TRUST, NO_QUESTION)).name: check for check in CHECKS
}
ORDER = (
    "json-form",
    "schema-version",
    "canonical-hash",
    "pith-number",
    "year",
    "short-forms",
    "aliases",
    "receipt",
    "key",
    "signature",
    "receipt-digest",
    "source-copies",
    "paper-copies",
    "graph-copies",
    "event-copies",
    "title-hash",
    "abstract-hash",
    "snapshot-hashes",
    "asked",
    "history",
)
VERDICTS = {"fail": "failed", "undecidable": "undecidable", "warn": "verified"}


def judge(row: Tampering) -> tuple[object, ...]:
    """The verdict, and what every check complains of."""
    try:
        report = examine(row.document(), row.trust, question=row.question)
    except TypeError:  # A check less can leave nothing that could be sealed.
        return ("crashed",)
    complaints = [
        (c.name, c.status, c.code) for c in report.checks if c.status not in ("pass", "skipped")
    ]
    return (report.verdict, *complaints)


@pytest.mark.parametrize("make", [signed_record, signed_bundle, signed_compact])
def test_an_untampered_document_is_verified_in_every_form(make):
    for document in (make(), as_bytes(make())):
        report = examine(document, TRUST)

        assert (report.verdict, report.code, report.failures) == ("verified", "ok", ())
        assert report.require().pith_number == signed_record()["pith_number"]
        assert tuple(check.name for check in report.checks) == ORDER


@pytest.mark.parametrize("row", TAMPERINGS, ids=str)
def test_tampering_is_noticed_by_the_one_check_that_is_there_for_it(row):
    assert judge(row) == (VERDICTS[row.status], (row.check, row.status, row.code))


@pytest.mark.parametrize("row", TAMPERINGS, ids=str)
def test_the_report_names_what_stands_in_the_way_and_gives_no_proof(row):
    report = examine(row.document(), row.trust, question=row.question)
    refused = row.status != "warn"

    assert report.code == (row.code if refused else "ok")
    assert report.failures == ((row.code,) if row.status == "fail" else ())
    assert (report.decisive.name if report.decisive else None) == (row.check if refused else None)
    assert (report.record is None) == refused
    assert bool(report.coverage.signed or report.coverage.hash_bound) == (not refused)


@pytest.mark.parametrize("row", TAMPERINGS, ids=str)
def test_the_strict_policy_refuses_whatever_the_standard_one_mentions(row):
    report = examine(row.document(), row.trust, STRICT, question=row.question)

    assert report.verdict == ("undecidable" if row.status == "undecidable" else "failed")
    assert (report.code, report.policy) == (row.code, "strict@1")
    assert report.record is None


@pytest.mark.parametrize("row", TAMPERINGS, ids=str)
def test_bytes_and_objects_are_judged_alike(row):
    document = row.document()
    told = [
        examine(given, row.trust, question=row.question) for given in (document, as_bytes(document))
    ]

    assert told[0].checks == told[1].checks


@pytest.mark.parametrize("name", NAMES)
def test_without_one_check_exactly_its_own_tamperings_go_unnoticed(name, monkeypatch):
    before = [judge(row) for row in TAMPERINGS]

    remaining = tuple(check for check in CHECKS if check is not NAMES[name])
    monkeypatch.setattr(verify_module, "CHECKS", remaining)

    changed = [row for row, was in zip(TAMPERINGS, before, strict=True) if judge(row) != was]
    assert changed == [row for row in TAMPERINGS if row.check == name]


def test_every_check_has_a_row():
    assert (*NAMES,) == ORDER[1:]
    assert {row.check for row in TAMPERINGS} == set(NAMES)


def test_every_check_has_a_name_of_its_own():
    assert len(NAMES) == len(CHECKS)


def check(status: str, code: str = "x") -> Check:
    return Check(name=f"{status}-{code}", status=status, code=code, detail="")


@pytest.mark.parametrize(
    ("statuses", "strict", "verdict", "decisive"),
    [
        ((), False, "verified", None),
        (("pass", "skipped"), False, "verified", None),
        (("warn",), False, "verified", None),
        (("warn",), True, "failed", 0),
        (("undecidable", "fail"), False, "failed", 1),
        (("undecidable", "warn"), False, "undecidable", 0),
        (("undecidable", "warn"), True, "failed", 1),
        (("warn", "fail"), True, "failed", 0),
        (("warn", "fail", "fail"), False, "failed", 1),
        (("undecidable", "undecidable"), True, "undecidable", 0),
    ],
)
def test_a_failure_outweighs_what_cannot_be_decided(statuses, strict, verdict, decisive):
    checks = tuple(check(status, f"code-{n}") for n, status in enumerate(statuses))

    expected = checks[decisive] if decisive is not None else None
    assert decide(checks, warnings_fail=strict) == (verdict, expected)


class _Iterates(dict):
    def items(self):
        raise RuntimeError("not to be called")


class _Lists(list):
    def __iter__(self):
        raise RuntimeError("not to be called")


@pytest.mark.parametrize("part", [_Iterates(a=1), _Lists([1])])
@pytest.mark.parametrize("place", ["paper", "canonical_record", "aliases", "receipt"])
def test_methods_of_a_hostile_object_are_never_called(place, part):
    document = {**signed_record(), place: part}

    assert examine(document, TRUST).verdict in ("failed", "undecidable", "verified")


def test_an_object_of_a_subclass_is_judged_by_what_it_holds():
    assert examine(OrderedDict(signed_record()), TRUST).verdict == "verified"


def test_a_list_that_holds_itself_many_times_is_refused_at_once():
    bomb: list[object] = []
    for _ in range(20):
        bomb = [bomb] * 20

    assert examine({**signed_record(), "links": bomb}, TRUST).code == "malformed-json"
