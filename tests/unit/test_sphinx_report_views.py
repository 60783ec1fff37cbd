"""What the reports of a build say to people, and that no text of others acts in them."""

import io
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest

from pith_agent import Client, Verification
from sphinx_pith.findings import BuildReport, Finding, Place
from sphinx_pith.reports import annotations, announce, job_summary, page, rebased
from tests.documents import NUMBER, TITLE
from tests.unit.sphinx_builds import cited, hostile_build, mixed_build, real_answers, report


@pytest.fixture
def answers(offline: Callable[..., Client]) -> dict[str, Verification]:
    return real_answers(offline)


@pytest.fixture
def mixed(answers: dict[str, Verification]) -> BuildReport:
    return mixed_build(answers)


@pytest.fixture
def hostile(answers: dict[str, Verification]) -> BuildReport:
    return hostile_build(answers)


# GitHub


def test_annotations_name_file_line_and_code_and_errors_come_first(mixed) -> None:
    lines = annotations(rebased(mixed, PurePosixPath("/repo"))).splitlines()

    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error file=docs/guide/intro.rst,line=5,title=Pith%3A digest-mismatch",
        "error file=docs/conf.py,title=Pith%3A malformed-lock",
        "warning file=docs/index.rst,line=7,title=Pith%3A offline",
        "notice file=docs/pith.lock,line=4,title=Pith%3A unused",
    ]


def test_an_annotation_escapes_what_would_end_a_value_or_the_line() -> None:
    text = "100%, a:b\r\nc"
    place = Place("a,b:c%.rst", 1)
    line = annotations(report(findings=(Finding("unused", "error", text, "", place),)))

    assert line == ("::error file=a%2Cb%3Ac%25.rst,line=1,title=Pith%3A unused::100%25, a:b c\n")


def test_an_annotation_names_the_target_once() -> None:
    texts = ("Message.", "a: Message.")
    made = [Finding("unused", "error", text, "", Place("x.rst", 1), target="a") for text in texts]

    one, other = annotations(report(findings=tuple(made))).splitlines()

    assert one == other
    assert one.endswith("::a: Message.")


def test_a_file_outside_the_repository_is_named_in_the_message_of_its_annotation() -> None:
    problem = Finding("unused", "error", "Message.", "", Place("/usr/lib/mod.py", 8))

    assert annotations(report(findings=(problem,))) == (
        "::error title=Pith%3A unused::/usr/lib/mod.py:8: Message.\n"
    )


@pytest.mark.parametrize(
    ("environment", "asked", "told"),
    [
        ({}, False, False),
        ({"GITHUB_ACTIONS": "false"}, False, False),
        ({"GITHUB_ACTIONS": "true"}, False, True),
        ({}, True, True),
    ],
)
def test_annotations_are_printed_under_github_actions_or_when_asked(
    mixed, environment, asked, told
) -> None:
    out = io.StringIO()

    assert announce(mixed, environment, out, asked=asked) is told
    assert bool(out.getvalue()) is told


def test_an_output_that_has_no_unicode_takes_annotations_too() -> None:
    problem = Finding("unused", "error", "Größe \u4e2d", "", Place("a.rst", 1))
    out = io.TextIOWrapper(io.BytesIO(), "ascii")

    announce(report(findings=(problem,)), {}, out, asked=True)

    assert out.tell() > 0


def test_the_summary_is_appended_to_the_file_of_the_step(mixed, tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(file)}

    announce(mixed, environment, io.StringIO())

    written = file.read_text("utf-8")
    assert written.startswith("before\n## Pith citations\n")
    assert "3 of 4 citations are not verified. The build fails: 2 errors." in written


def test_the_summary_renders_no_markup_of_others_and_stays_short(hostile) -> None:
    text = job_summary(replace(hostile, findings=hostile.findings * 1000))

    assert "<" not in text
    assert "[a](" not in text
    assert "900 more problems" in text
    assert len(text.encode("utf-8")) < 2**20
    rows = [line for line in text.splitlines() if line.startswith("| error")]
    assert len(rows) == 100
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}


# The page


class Elements(HTMLParser):
    """The elements of a page, and the text in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", ["mixed", "hostile"])
def test_the_page_has_no_script_no_request_and_only_its_own_style(name, request) -> None:
    elements = Elements(page(request.getfixturevalue(name)))

    (policy,) = [about["content"] for tag, about in elements.tags if "http-equiv" in about]
    assert [part.split()[0] for part in (policy or "").split(";")] == [
        "default-src",
        "style-src",
        "base-uri",
    ]
    assert "unsafe" not in (policy or "")
    tags = [tag for tag, _ in elements.tags]
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(tags)
    assert tags.count("style") == 1
    for tag, attributes in elements.tags:
        assert not any(key.startswith("on") or key == "style" for key in attributes), tag
    hrefs = {attributes["href"] for tag, attributes in elements.tags if tag == "a"}
    assert all((href or "").startswith("https://pith-agent.readthedocs.io/") for href in hrefs)


def test_the_page_tells_problems_first_and_every_verdict_as_a_word(mixed) -> None:
    text = Elements(page(mixed)).text

    headings = [text.index(part) for part in ("Problems", "In the baseline", "Citations (")]
    assert headings == sorted(headings)
    for word in ("Refuted", "Not checked", "No identifier", "Verified", TITLE, NUMBER):
        assert word in text
    assert "3 of 4 citations are not verified. The build fails: 2 errors." in text


def test_the_page_shows_a_title_only_where_one_is_proved(answers) -> None:
    assert TITLE in page(report(cited(answers["verified"])))
    assert TITLE not in page(report(cited(answers["failed"])))


def test_every_row_of_the_page_has_all_its_cells(mixed) -> None:
    rows = page(mixed).split('<tr role="row">')[1:]

    assert {row.count('role="cell"') + row.count('role="columnheader"') for row in rows} == {4}


def test_the_title_of_a_genuine_record_under_a_wrong_claim_is_told_beside_the_problem(
    answers,
) -> None:
    said = {"verdict": "failed", "code": "claimed-title-mismatch", "message": "Another title."}
    answer = answers["verified"].model_copy(update=said)

    text = Elements(page(report(cited(answer)))).text

    assert "Another title." in text
    assert f"Signed title: {TITLE}" in text
