"""What a reference claims, beside what the record of its paper says."""

import pytest
from pydantic import ValidationError

from pith_agent import verify
from pith_agent.errors import ConflictingIdentifiersError, IdentifierError
from pith_agent.protocol.claims import PaperClaim, check_claim_ids, claim_checks, examine_claim
from tests.documents import NUMBER, SUFFIX, TITLE, TRUST, proved, signed_record

PAPER = "arXiv:2402.13116"
RECORD = proved()


def claim(**changes) -> PaperClaim:
    return PaperClaim(**({"id": PAPER} | changes))


@pytest.mark.parametrize(
    ("id", "doi", "version"),
    [
        (PAPER, None, None),
        (PAPER, "10.48550/arXiv.2402.13116", None),
        (PAPER, "https://doi.org/10.48550/ARXIV.2402.13116", None),
        # The DOIs of single versions are not registered: the version is a hint.
        ("2402.13116v4", "10.48550/arXiv.2402.13116v1", None),
        # A preprint and its publication.
        (PAPER, "10.1145/3292500.3330701", None),
        ("doi:10.1145/3292500.3330701", "10.1145/3292500.3330701", None),
        ("10.48550/arXiv.2402.13116", "10.1145/3292500.3330701", None),
        # Whether these are one paper, only the record can say.
        (NUMBER, "10.48550/arXiv.1706.03762", None),
        ("10/gf4gqc", "10.1145/3292500.3330701", None),
        ("2402.13116v4", None, 4),
        (PAPER, None, 4),
        ("math.GT/0309136", "10.48550/arXiv.math/0309136", None),
    ],
)
def test_identifiers_that_may_be_one_paper_pass(id, doi, version):
    given = claim(id=id, doi=doi, version=version)

    assert str(check_claim_ids(given))


@pytest.mark.parametrize(
    ("id", "doi", "version"),
    [
        (PAPER, "10.48550/arXiv.1706.03762", None),
        ("10.48550/arXiv.2402.13116", "10.48550/arXiv.1706.03762", None),
        ("2016arXiv161002026S", "10.48550/arXiv.1706.03762", None),
        ("doi:10.1145/3292500.3330701", "10.1145/3292500.3330702", None),
        ("2402.13116v3", None, 4),
    ],
)
def test_identifiers_of_two_papers_or_versions_conflict(id, doi, version):
    with pytest.raises(ConflictingIdentifiersError) as caught:
        check_claim_ids(claim(id=id, doi=doi, version=version))

    assert caught.value.code == "conflicting-identifiers"
    with pytest.raises(ConflictingIdentifiersError):
        examine_claim(claim(id=id, doi=doi, version=version), RECORD)


@pytest.mark.parametrize("doi", ["2402.13116", NUMBER, "no DOI", ""])
def test_what_is_no_doi_is_refused_as_one(doi):
    with pytest.raises(IdentifierError) as caught:
        check_claim_ids(claim(doi=doi))

    assert caught.value.code == "invalid-identifier"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": ""},
        {"id": PAPER, "venue": "NeurIPS"},
        {"id": PAPER, "version": 0},
        {"id": PAPER, "year": 24},
        {"id": PAPER, "title": "x" * 2001},
        {"id": PAPER, "authors": ["x"] * 501},
        {"id": "x" * 2049},
    ],
)
def test_a_claim_is_closed_and_bounded(fields):
    with pytest.raises(ValidationError):
        PaperClaim.model_validate(fields)


def test_a_true_claim_is_ok_in_every_part():
    report = examine_claim(
        claim(title=TITLE, version=4, year=2024, authors=["Xu, Xiaohan", "Li, M.", "others"]),
        RECORD,
    )

    assert (report.level, report.conflict) == ("ok", None)
    assert report.title_match.match == "exact"
    assert (report.version_match.agreement, report.version_match.signed) == ("equal", True)
    assert (report.year.agreement, report.year.signed) == ("equal", True)
    assert (report.authors.agreement, report.authors.signed) == ("equal", False)
    assert (report.arxiv, report.pith_number) == ("2402.13116v4", RECORD.pith_number)


def test_a_claimed_version_is_the_one_that_is_looked_up():
    for id in (PAPER, "10.48550/arXiv.2402.13116"):
        assert str(check_claim_ids(claim(id=id, version=3))) == "arXiv:2402.13116v3"
    assert str(check_claim_ids(claim(id=NUMBER, version=3))) == NUMBER


def test_a_claimed_version_that_the_record_contradicts_is_refused():
    report = examine_claim(claim(id=RECORD.pith_number, version=3), RECORD)

    assert next(check.code for check in claim_checks(report)) == "conflicting-identifiers"


@pytest.mark.parametrize("title", ["", "  ", "\n\t"])
def test_an_empty_title_is_no_claim(title):
    assert examine_claim(claim(title=title), RECORD).title_match is None


def test_what_is_not_claimed_is_not_judged():
    report = examine_claim(claim(), RECORD)

    assert (report.level, report.title_match) == ("ok", None)
    parts = (report.version_match, report.year, report.authors)
    assert {part.agreement for part in parts} == {"not-claimed"}


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"title": TITLE.replace("Large", "Small")}, "error"),
        ({"title": "Attention Is All You Need"}, "error"),
        ({"title": "A Survey on Knowledge Distillation..."}, "warning"),
        ({"title": f"{{{TITLE}}}"}, "ok"),
        ({"version": 3}, "error"),
        ({"title": "  "}, "ok"),
        ({"id": "2402.13116v3"}, "warning"),
        ({"id": "2402.13116v4"}, "ok"),
        ({"year": 2025}, "warning"),
        ({"authors": ["Ada Lovelace"]}, "warning"),
        ({"authors": ["Can Xu"], "year": 2025, "title": "Attention"}, "error"),
        ({"id": "1706.03762"}, "error"),
        ({"id": f"pith:{'A' * 26}"}, "error"),
        ({"id": RECORD.pith_number, "doi": "10.48550/arXiv.1706.03762"}, "error"),
    ],
)
def test_the_gravest_part_decides(changes, level):
    assert examine_claim(claim(**changes), RECORD).level == level


@pytest.mark.parametrize(
    ("id", "doi"),
    [
        ("1706.03762", None),
        (RECORD.pith_number, "10.48550/arXiv.1706.03762"),
        (f"pith:{SUFFIX}", None),
        (f"pith:{SUFFIX[:8]}", None),
    ],
)
def test_a_record_of_another_paper_is_a_conflict(id, doi):
    assert examine_claim(claim(id=id, doi=doi), RECORD).conflict


def test_a_pith_number_and_its_short_form_name_the_record():
    suffix = RECORD.pith_number.rpartition(":")[2]

    for id in (RECORD.pith_number, f"pith:{suffix[:8]}", suffix):
        assert examine_claim(claim(id=id), RECORD).conflict is None


def test_authors_are_compared_in_any_order_and_only_with_those_stated():
    found = examine_claim(claim(authors=["Tao Shen", "C. Xu", "Ada Lovelace"]), RECORD).authors

    assert (found.agreement, found.signed, found.level) == ("differs", False, "warning")
    assert "Ada Lovelace" in found.detail
    assert "Shen" not in found.detail


def test_a_record_without_authors_says_nothing_of_them():
    document = signed_record()
    for paper in (document["paper"], document["graph_snapshot"]["paper"]):
        paper["authors_text"] = ["Can Xu"]
    found = examine_claim(claim(authors=["Can Xu"]), verify(document, TRUST)).authors

    assert (found.agreement, found.level) == ("unknown", "ok")
