"""Renew the message catalogues of sphinx_pith: `make messages`.

Texts are collected from the sources, merged into each language, and compiled. A language lacks a
text until somebody translates it; a test says which.
"""

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parents[1] / "sphinx_pith"
LOCALE = PACKAGE / "locale"
LANGUAGES = ("de", "fr")

HEADER = "# The texts of sphinx_pith. Renewed by `make messages`."


def main() -> None:
    """Extract, merge, compile."""
    template = extracted()
    write(template, LOCALE / "sphinx_pith.pot")
    for language in LANGUAGES:
        path = catalog_path(language)
        catalog = read(language) if path.exists() else Catalog(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(catalog, path)
        catalog = read(language)
        # A compiled catalogue has dates in any case; with these it changes only with its texts.
        catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def catalog_path(language: str) -> Path:
    """Where the texts of a language are."""
    return LOCALE / language / "LC_MESSAGES" / "sphinx_pith.po"


def read(language: str) -> Catalog:
    """The texts of a language, as they are now."""
    with catalog_path(language).open("rb") as file:
        return read_po(file, locale=language)


def extracted() -> Catalog:
    """All texts of the package, in the order of its files."""
    catalog = Catalog(project="sphinx_pith")
    found = extract_from_dir(str(PACKAGE), method_map=[("**.py", "python")], keywords={"_": None})
    for _, _, text, *_ in sorted(found, key=lambda one: (one[0], one[1])):
        catalog.add(text)
    return catalog


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalogue without dates and names, so that it changes only with its texts."""
    catalog.header_comment = HEADER
    catalog.fuzzy = False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, no_location=True, omit_header=False, width=96)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = ("Content-Type", "Content-Transfer", "Language:", "MIME", "Plural")
    head, rest = lines[: lines.index("\n")], lines[lines.index("\n") :]
    head = [line for line in head if not line.startswith('"') or line[1:].startswith(kept)]
    path.write_text("".join(head + rest), "utf-8")


if __name__ == "__main__":
    main()
