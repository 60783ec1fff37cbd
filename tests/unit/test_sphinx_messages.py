"""The texts of the Sphinx extension in its languages."""

import re

import pytest
from babel.messages.mofile import read_mo

from tests.messages import LANGUAGES, catalog_path, extracted, read


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_has_its_placeholders(language: str) -> None:
    texts = {message.id for message in extracted() if message.id}
    catalog = read(language)

    assert {message.id for message in catalog if message.id} == texts
    for message in catalog:
        if message.id:
            assert message.string, message.id
            assert placeholders(message.string) == placeholders(message.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    with catalog_path(language).with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert {m.id: m.string for m in compiled if m.id} == {
        m.id: m.string for m in read(language) if m.id
    }


def placeholders(text: object) -> list[str]:
    return re.findall(r"%[sd]", str(text))
