"""Pages in other languages: what a translator may move, and words of ours."""

from pathlib import Path

import pytest

from tests.e2e.roots.library import LATTICE, pages, suffix
from tests.e2e.roots.reading import read, read_text

BETA_TITLE, ALPHA_TITLE = "Beta rays of small models", "Alpha rays of small models"
URL = "https://pith.science/pith"


def test_a_translator_may_move_a_role_and_keep_words_of_their_own(tmp_path: Path) -> None:
    project = pages(
        tmp_path,
        index=(
            "After :pith:cite:t:`2402.13116` we read :pith:`the lattice <hep-lat/0305021>`.\n\n"
            "A footnote :pith:cite:foot:`1706.00001` and :pith:`1706.00002`.\n"
        ),
    )
    made = project.build("-W", "-E", builder="gettext")
    template = made.text("index.pot")
    assert made.status == 0
    assert "After :pith:cite:t:`2402.13116` we read" in template
    catalog = project.path / "locale" / "de" / "LC_MESSAGES"
    catalog.mkdir(parents=True)
    (catalog / "index.po").write_text(PO, "utf-8")

    options = ["-D", "language=de", "-D", "locale_dirs=locale", "-E"]
    built = project.build("-W", *options, out="de")

    page = read(built.out / "index.html")
    assert (built.status, built.log) == (0, "")
    assert page.said("Wir lesen") == "das Gitter nach Xu et al. (2024)."
    assert page.said("Zu") == f"{ALPHA_TITLE} eine Fußnote [1]."
    (words,) = [link for link in page.verified() if link.text == "das Gitter"]
    assert words.href == f"{URL}/{suffix(LATTICE)}"
    assert f"Abbott und Bell (2017b). {BETA_TITLE}." in read_text(page)
    assert [one for one in set(page.ids) if page.ids.count(one) > 1] == []


@pytest.mark.parametrize(("language", "word"), [("de", "und"), ("fr", "et"), ("en", "and")])
def test_two_authors_are_joined_in_the_language_of_the_page(
    tmp_path: Path, language: str, word: str
) -> None:
    cards = "By :pith:cite:t:`1706.00001`.\n\n.. pith:: 1706.00001\n"

    built = pages(tmp_path, index=cards).build("-W", "-D", f"language={language}")

    page = read(built.out / "index.html")
    assert page.said("By") == f"Abbott {word} Bell (2017)."
    assert f"Abbott {word} Ben Bell" in read_text(page)


PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8"

msgid ""
"After :pith:cite:t:`2402.13116` we read :pith:`the lattice <hep-lat/0305021>`."
msgstr ""
"Wir lesen :pith:`das Gitter <hep-lat/0305021>` nach :pith:cite:t:`2402.13116`."

msgid "A footnote :pith:cite:foot:`1706.00001` and :pith:`1706.00002`."
msgstr "Zu :pith:`1706.00002` eine Fußnote :pith:cite:foot:`1706.00001`."
"""
