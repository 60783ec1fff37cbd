"""The parts of the Sphinx extension that need no Sphinx."""

from pathlib import Path

import pytest
from sphinx.config import Config

from pith_agent import error_class
from sphinx_pith.config import NETWORK, VALUES, is_refutation, severity_of
from sphinx_pith.records import load_project
from sphinx_pith.roles import short_text
from tests.documents import NUMBER, REAL, SUFFIX, as_bytes, signed_compact


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("2402.13116v4", "arXiv:2402.13116v4"),
        ("https://arxiv.org/abs/hep-lat/0305021", "arXiv:hep-lat/0305021"),
        ("https://pith.science/pith/" + SUFFIX, f"pith:{SUFFIX}"),
        (NUMBER, NUMBER),
        ("10.48550/arxiv.2402.13116", "doi:10.48550/arXiv.2402.13116"),
        ("no identifier", "no identifier"),
        ("", ""),
    ],
)
def test_the_text_for_tables_of_contents_is_the_identifier(target: str, text: str) -> None:
    assert short_text(target) == text


@pytest.mark.parametrize(
    "code",
    [
        "digest-mismatch",
        "invalid-signature",
        "number-mismatch",
        "id-mismatch",
        "title-mismatch",
        "duplicate-mismatch",
        "alias-mismatch",
        "year-mismatch",
        "revoked-key",
        "rollback",
        "equivocation",
        "malformed-document",
        "malformed-json",
        "canonical-ambiguous",
    ],
)
def test_a_refutation_is_an_error_and_may_not_go_below_warning(code: str) -> None:
    assert is_refutation(code)
    assert severity_of(config(), code) == "error"


@pytest.mark.parametrize("code", ["unknown-key", "no-receipt", "not-found", "offline", "ambiguous"])
def test_what_is_only_not_proved_is_an_error_that_may_be_downgraded(code: str) -> None:
    assert not is_refutation(code)
    assert severity_of(config(), code) == "error"
    assert severity_of(config(pith_severity={code: "ignore"}), code) == "ignore"


@pytest.mark.parametrize("code", sorted(NETWORK))
def test_an_outage_is_a_warning(code: str) -> None:
    assert error_class(code).code == code
    assert severity_of(config(), code) == "warning"


def test_records_are_read_once_in_order_and_named_by_file_and_line(tmp_path: Path) -> None:
    lines = [as_bytes(signed_compact(version=version)) for version in (1, 2)]
    (tmp_path / "b.jsonl").write_bytes(b"\n\n".join(lines) + b"\n")
    (tmp_path / "a.json").write_bytes(REAL)
    (tmp_path / "notes.txt").write_text("not read")

    project = load_project(tmp_path, ["*", "*.json"])

    assert [document.place for document in project.documents] == [
        "a.json",
        "b.jsonl:1",
        "b.jsonl:3",
    ]
    assert [document.body for document in project.documents] == [REAL, *lines]
    assert project.faults == ()


def test_what_is_no_record_is_a_fault_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(REAL)
    (tmp_path / "b.json").write_bytes(REAL[:-1])
    (tmp_path / "c.json").mkdir()

    project = load_project(tmp_path, ["*.json"])

    assert [document.place for document in project.documents] == ["a.json"]
    assert {place: error.code for place, error in project.faults} == {
        "b.json": "malformed-json",
        "c.json": "store-unavailable",
    }


def config(**values: object) -> Config:
    """The settings of a conf.py with these values."""
    made = Config({}, values)
    for value in VALUES:
        made.add(value.name, value.default, "", value.types)
    return made


def test_the_settings_trust_only_the_bundled_keys_and_ask_for_nothing_else() -> None:
    defaults = {value.name: value.default for value in VALUES if value.default}

    assert defaults == {
        "pith_base_url": "https://pith.science",
        "pith_cite_style": "narrative",
        "pith_lock": "pith.lock",
        "pith_reader_check": True,
        "pith_registry": ["https://pith.science"],
        "pith_timeout": 30,
    }
