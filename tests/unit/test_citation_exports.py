"""Signed citations in other vocabularies: what is stated, and that only what holds is."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from pith_agent import Agent, CitationRequest, Citing, Digest, VerificationError
from pith_agent.errors import SettingsError
from pith_agent.exports.cito import CITES, MEANINGS
from pith_agent.exports.facts import PREFIXES, Iri, assertion, claimed, proved
from pith_agent.exports.forms import convert_citation
from pith_agent.exports.jsonld import json_ld, json_ld_object
from pith_agent.exports.names import hash_iri, https_iri, names_of
from pith_agent.exports.proved import ProvedCitation, prove, require
from pith_agent.exports.request import NOT_SENT, pith_request_object
from pith_agent.network.address import parse_base
from pith_agent.protocol.citation import RELATIONSHIPS
from tests.documents import NUMBER, SUFFIX, TITLE

PAPER = f"https://pith.science/pith/{SUFFIX}"
DIGEST = "ab" * 32
OTHER = "hep-lat/0305021"


def envelope_of(client, relationship="supports", **changes):
    """The bytes of a citation that is signed and logged now."""
    fields = {
        "citing": Citing(kind="document", id="notes.md", digest=Digest(sha256=DIGEST)),
        "agent": Agent(name="Ada", version="1", model="m"),
    }
    request = CitationRequest(relationship=relationship, **(fields | changes))
    (signed,) = client.sign_citation(NUMBER, request)
    return json.dumps(signed.envelope).encode()


def proved_citation(client, *arguments, **changes):
    return require(prove(client, envelope_of(client, *arguments, **changes)))


def citing(text, kind="document", digest=DIGEST):
    return Citing(kind=kind, id=text, digest=Digest(sha256=digest) if digest else None)


def test_every_relationship_has_a_characterization_of_cito_and_implies_a_citation():
    assert set(MEANINGS) == set(RELATIONSHIPS)
    for meaning in MEANINGS.values():
        assert meaning.characterization.startswith(PREFIXES["cito"])
        assert CITES in meaning.properties
        assert meaning.exact is None or meaning.exact.startswith(PREFIXES["dcterms"])


def test_no_two_relationships_but_the_bare_citation_become_the_same():
    stated = [meaning.properties for meaning in MEANINGS.values()]

    assert len(set(stated)) == len(RELATIONSHIPS)


@pytest.mark.parametrize("relationship", RELATIONSHIPS)
def test_the_word_that_was_signed_stands_beside_its_translation(signing, relationship):
    citation = proved_citation(signing, relationship)
    names = names_of(citation)

    said = {value.value for _, _, value in claimed(citation, names, names.part("citation"))}
    stated = {name for subject, name, _ in assertion(citation, names) if subject == names.citing}

    assert relationship in said
    assert stated == set(MEANINGS[relationship].properties)


def test_the_cited_paper_is_named_by_what_was_signed(signing):
    names = names_of(proved_citation(signing))

    (paper,) = names.papers
    assert paper.record == PAPER
    assert paper.doi == "https://doi.org/10.48550/arXiv.2402.13116"
    assert paper.citation == names.about == names.part("citation")


@pytest.mark.parametrize(
    ("named", "iri"),
    [
        (citing("https://example.org/a?b=c#d"), "https://example.org/a?b=c#d"),
        (citing("https://example.org/%C3%A9:80"), "https://example.org/%C3%A9:80"),
        (
            citing("pith:ABCDEFGHIJKLMNOPQRSTUVWXYZ", "pith"),
            PAPER[:-26] + "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ),
        (citing("notes.md"), hash_iri(DIGEST)),
        (citing("http://example.org/"), hash_iri(DIGEST)),
        (citing("javascript:alert(1)"), hash_iri(DIGEST)),
        (citing("https://example.org/> . <urn:a> <urn:b> <urn:c"), hash_iri(DIGEST)),
        (citing("https://user@example.org/"), hash_iri(DIGEST)),
        (citing("https://example.org/é"), hash_iri(DIGEST)),
        (citing("https://example.org/%zz"), hash_iri(DIGEST)),
        (citing("https://example.org:99999/"), hash_iri(DIGEST)),
        (citing(PAPER), hash_iri(DIGEST)),
        (citing(NUMBER, "pith"), hash_iri(DIGEST)),
        (citing("pith:ODXWRQYN", "pith"), hash_iri(DIGEST)),
        (citing("https://doi.org/10.48550/arXiv.2402.13116"), hash_iri(DIGEST)),
        (citing("https://pith-agent.dev/np/x#assertion"), hash_iri(DIGEST)),
        (citing("an answer", "agent_output", None), None),
    ],
)
def test_what_cites_is_named_by_a_url_or_its_hash_and_never_by_free_text(signing, named, iri):
    names = names_of(proved_citation(signing, citing=named))

    assert names.citing == (iri or names.part("citing"))


def test_a_hash_is_named_as_rfc_6920_does():
    hello = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"

    assert hash_iri(hello) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


@pytest.mark.parametrize("text", ["", "https://", "https://a b/", "https://a/\n", "https://a:0/"])
def test_what_is_no_url_becomes_no_iri(text):
    assert https_iri(text) is None


def test_what_is_proved_and_what_is_claimed_stand_apart(signing):
    citation = proved_citation(signing, statement="It is so.")
    names = names_of(citation)
    sure, said = json_ld_object(citation)["@graph"]

    assert (sure["@id"], said["@id"]) == (names.part("proved"), names.part("claimed"))
    assert TITLE in json.dumps(sure)
    assert citation.envelope_sha256 in json.dumps(sure)
    assert citation.signed_by[0] in json.dumps(sure)
    for claim in (
        "Ada",
        "It is so.",
        "notes.md",
        "supports",
        citation.statement.predicate.created_at,
    ):
        assert claim not in json.dumps(sure)
        assert claim in json.dumps(said)
    assert "claimed" not in {name for _, name, _ in proved(citation, names, names.base)}


def test_a_document_that_is_named_by_its_url_has_the_name_of_its_content_beside_it(signing):
    def contents(named):
        citation = proved_citation(signing, citing=named)
        names = names_of(citation)
        stated = claimed(citation, names, names.base)
        return [value.value for _, name, value in stated if name.endswith("#content")]

    assert contents(citing("https://example.org/a")) == [hash_iri(DIGEST)]
    assert contents(citing("notes.md")) == []


def test_the_context_is_in_the_document(signing):
    context = json_ld_object(proved_citation(signing))["@context"]

    assert context == dict(PREFIXES)


@pytest.mark.parametrize("form", ["turtle", "trig", "json-ld", "pith-request"])
def test_the_same_citation_gives_the_same_text(signing, form):
    pytest.importorskip("rdflib")
    envelope = envelope_of(signing, statement="a", quote="b", claim_id="C1")

    first, second = (
        convert_citation(require(prove(signing, envelope)), form, signing.settings)
        for _ in range(2)
    )

    assert first == second
    assert first.endswith("\n")


PROGRAM = """
import sys
from pathlib import Path
from pith_agent import Client, Settings
from pith_agent.exports.forms import convert_citation
from pith_agent.exports.proved import prove, require

with Client(Settings(home=Path(sys.argv[1]), offline=True)) as client:
    citation = require(prove(client, sys.stdin.buffer.read()))
    for form in ("turtle", "trig", "json-ld", "pith-request"):
        sys.stdout.write(convert_citation(citation, form, client.settings))
"""


def test_another_process_writes_the_same_bytes(signing):
    pytest.importorskip("rdflib")
    envelope = envelope_of(signing, "replaces", statement="a", quote="b")

    written = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(signing.settings.home)],
            input=envelope,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(written) == 1


def test_a_citation_that_does_not_hold_is_not_handed_out(signing):
    envelope = json.loads(envelope_of(signing))
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="

    found = prove(signing, json.dumps(envelope).encode())

    assert not isinstance(found, ProvedCitation)
    with pytest.raises(VerificationError) as refused:
        require(found)
    assert refused.value.code == found.code == "invalid-signature"


def test_a_citation_that_was_retracted_is_not_handed_out(signing):
    envelope = envelope_of(signing)
    citation = require(prove(signing, envelope))
    signing.retract_citation(citation.citation_id, agent=Agent(name="Ada", version="1"))

    assert prove(signing, envelope).code == "citation-retracted"


def test_a_citation_that_was_superseded_says_so(signing):
    envelope = envelope_of(signing)
    first = require(prove(signing, envelope))
    envelope_of(signing, supersedes=first.citation_id)

    old = require(prove(signing, envelope))

    assert old.warnings == ("citation-superseded",)
    assert "citation-superseded" in json_ld(old)


def proved_bibliography(client, *papers, **changes):
    citing = Citing(kind="document", id="refs.bib", digest=Digest(sha256=DIGEST))
    said = {"citing": citing, "agent": Agent(name="Ada", version="1")} | changes
    signed = client.sign_bibliography(papers, **said)
    return require(prove(client, json.dumps(signed.envelope).encode()))


def test_a_bibliography_says_of_each_paper_what_a_citation_of_it_would(signing):
    listed = proved_bibliography(signing, NUMBER, OTHER, relationship="extends")
    names = names_of(listed)
    stated = list(assertion(listed, names))

    assert [one.pith_number for one in listed.records] == [
        one.name for one in listed.statement.subject
    ]
    assert len(names.papers) == len({one.citation for one in names.papers}) == 2
    for paper in names.papers:
        direct = {name for subject, name, value in stated if value.value == paper.record}
        meant = {*MEANINGS["extends"].properties, PREFIXES["cito"] + "hasCitedEntity"}
        assert direct == meant
        assert (paper.citation, PREFIXES["dcterms"] + "isPartOf", Iri(names.about)) in stated
    sure = json.dumps(json_ld_object(listed)["@graph"][0])
    assert all(one.canonical_sha256 in sure for one in listed.records)


def test_a_document_of_a_bibliography_does_not_take_the_name_of_one_of_its_papers(signing):
    named = Citing(kind="document", id=PAPER, digest=Digest(sha256=DIGEST))
    listed = proved_bibliography(signing, NUMBER, OTHER, citing=named)

    assert names_of(listed).citing == hash_iri(DIGEST)


def test_a_bibliography_of_one_paper_is_named_as_one_of_several(signing):
    names = names_of(proved_bibliography(signing, NUMBER))

    assert names.papers[0].citation == names.part(f"citation-{SUFFIX}")
    assert names.about == names.part("bibliography")


def test_a_bibliography_is_no_request_and_a_retraction_nothing_at_all(signing):
    listed = proved_bibliography(signing, NUMBER, OTHER)
    with pytest.raises(SettingsError):
        convert_citation(listed, "pith-request", signing.settings)
    retracted = signing.retract_citation(listed.citation_id, agent=Agent(name="Ada", version="1"))

    with pytest.raises(SettingsError):
        prove(signing, json.dumps(retracted.envelope).encode())


def test_a_proof_can_neither_be_made_nor_changed_by_hand(signing):
    citation = proved_citation(signing)

    with pytest.raises(TypeError):
        dataclasses.replace(citation, signed_by=(), seal=object())
    with pytest.raises(TypeError):
        ProvedCitation(citation.envelope, citation.statement, citation.records, (), (), None)


def test_what_cannot_be_seen_is_escaped_and_read_as_it_was(signing):
    citation = proved_citation(signing, statement="zero\u200bwidth \U0001f600 é")

    text = json_ld(citation)

    assert "\u200b" not in text
    assert "\U0001f600 é" in text
    assert "zero\u200bwidth" in json.dumps(json.loads(text), ensure_ascii=False)


def test_the_request_is_built_from_the_configured_registry_and_not_from_the_record(signing):
    citation = proved_citation(signing)

    shown = pith_request_object(citation, parse_base("https://mirror.example/base/"))

    assert shown["sent"] is False
    assert shown["note"] == NOT_SENT
    assert set(shown["guessed"]) == set(shown["request"]) - {"url"}
    url = f"https://mirror.example/base/pith/{SUFFIX}/action/citation_signature"
    assert shown["request"]["url"] == url
    assert shown["request"]["body"] == json.loads(citation.envelope.canonical())
