"""Which entries of a bibliography name an arXiv paper."""

import pytest

from sphinx_pith.convert.bib import read_entries, targets_of
from sphinx_pith.convert.links import Rules

pytest.importorskip("bibtexparser", minversion="2.0")


def targets(text: str, **rules: object) -> dict[str, str | None]:
    return targets_of(read_entries(text, Rules(**rules)))


@pytest.mark.parametrize(
    ("fields", "target", "field"),
    [
        ("eprint = {1706.03762}, archivePrefix = {arXiv}", "arXiv:1706.03762", "eprint"),
        ("eprint = {hep-lat/0305021}, eprinttype = {arxiv}", "arXiv:hep-lat/0305021", "eprint"),
        ('eprint = "1706.03762"', "arXiv:1706.03762", "eprint"),
        ("doi = {10.48550/arXiv.1706.03762}", "arXiv:1706.03762", "doi"),
        ("doi = {https://doi.org/10.48550/ARXIV.1706.03762}", "arXiv:1706.03762", "doi"),
        ("url = {http://arxiv.org/pdf/1706.03762v5.pdf}", "arXiv:1706.03762v5", "url"),
        (r"url = {\url{https://arxiv.org/abs/1706.03762}}", "arXiv:1706.03762", "url"),
        ("journal = {arXiv preprint arXiv:1706.03762}", "arXiv:1706.03762", "journal"),
        ("journal = {CoRR}, volume = {abs/1706.03762}", "arXiv:1706.03762", "volume"),
        ("eprint = {1706.03762}, doi = {10.1103/PhysRevA.1.1}", "arXiv:1706.03762", "eprint"),
        ("eprint = {1706.03762}, url = {arxiv.org/abs/1706.03762v2}", "arXiv:1706.03762v2", "url"),
    ],
)
def test_an_entry_names_its_paper_by_any_of_its_fields(fields, target, field):
    (entry,) = read_entries("@misc{key, title = {{A}}, " + fields + "}", Rules())

    assert (entry.key, entry.target, entry.field, entry.reason) == ("key", target, field, "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("title = {A}", "no-arxiv-paper"),
        ("doi = {10.1103/PhysRevA.1.1}", "no-arxiv-paper"),
        ("eprint = {1706.03762}, eprinttype = {hal}", "no-arxiv-paper"),
        ("url = {https://arxiv.org/list/cs}", "no-arxiv-paper"),
        ("eprint = {1706.03762}, doi = {10.48550/arXiv.1706.03763}", "conflicting-identifiers"),
    ],
)
def test_an_entry_without_one_paper_has_no_target_and_a_reason(fields, reason):
    (entry,) = read_entries("@misc{key, " + fields + "}", Rules())

    assert (entry.target, entry.reason) == (None, reason)


def test_what_cannot_be_read_does_not_hide_the_rest():
    text = "@misc{a, eprint={1706.03762}}\n@misc{a, eprint={1706.03763}}\n@misc{b, title={open\n"
    text += "@misc{c, eprint={hep-lat/0305021}}\n"

    entries = read_entries(text, Rules())

    assert [(entry.line, entry.reason) for entry in entries] == [
        (1, ""),
        (2, "duplicate-key"),
        (3, "unreadable-entry"),
        (4, ""),
    ]
    found = targets_of(entries)
    assert (found["a"], found["c"]) == (None, "arXiv:hep-lat/0305021")


def test_versions_can_be_dropped():
    assert targets("@misc{a, eprint={1706.03762v5}}", versions="drop") == {"a": "arXiv:1706.03762"}
