"""Turtle, TriG and JSON-LD as rdflib reads them, and the structure of a nanopublication."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pith_agent.errors import CanonicalFormError, SettingsError
from pith_agent.exports.facts import Iri, Text, assertion, claimed, proved
from pith_agent.exports.forms import convert_citation
from pith_agent.exports.jsonld import json_ld
from pith_agent.exports.names import https_iri, names_of
from pith_agent.exports.nanopub import trig
from pith_agent.exports.proved import prove, require
from pith_agent.exports.turtle import turtle
from pith_agent.exports.written import write_trig, write_turtle
from pith_agent.storage.files import RecordFiles
from tests.documents import CITING_KEY, NUMBER, TRUST, as_bytes, signed_record
from tests.unit.envelopes import put, said
from tests.unit.test_citation_exports import (
    OTHER,
    PAPER,
    proved_bibliography,
    proved_citation,
)

rdflib = pytest.importorskip("rdflib", minversion="7.6")

# rdflib warns of calls that are its own.
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")

NP = rdflib.Namespace("http://www.nanopub.org/nschema#")
CITO = rdflib.Namespace("http://purl.org/spar/cito/")
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
TYPE = rdflib.RDF.type

# Without halves of surrogate pairs, which a payload cannot hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SUBJECT, NAME = "urn:example:a", "urn:example:b"


def read(text, form="trig"):
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format=form)
    return dataset


def term(value):
    if isinstance(value, Iri):
        return rdflib.URIRef(value.value)
    plain = value.datatype.endswith("#string")
    return rdflib.Literal(value.value, datatype=None if plain else rdflib.URIRef(value.datatype))


def terms(triples):
    return {(rdflib.URIRef(s), rdflib.URIRef(p), term(o)) for s, p, o in triples}


@pytest.fixture
def citation(signing):
    return proved_citation(
        signing, "depends_on", statement='"""\\ . } <urn:a>\n@prefix', quote="words", claim_id="C1"
    )


# The first text that is read loads a parser of rdflib, which takes longer than all others.
@settings(deadline=None)
@given(texts)
def test_any_text_is_read_from_turtle_as_it_was_and_stands_on_one_line(text):
    written = write_turtle([(SUBJECT, NAME, Text(text))], "note")

    ((_, _, found, _),) = read(written).quads()
    assert str(found) == text
    assert all(character.isprintable() or character == "\n" for character in written)
    assert len(written.splitlines()) == len(
        write_turtle([(SUBJECT, NAME, Text(""))], "").splitlines()
    )


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["urn:g:1", "urn:g:2", "urn:g:3"]), texts, min_size=1))
def test_any_text_is_read_from_trig_in_its_own_graph(graphs):
    written = write_trig({name: [(SUBJECT, NAME, Text(t))] for name, t in graphs.items()}, "note")

    found = {str(graph): str(value) for _, _, value, graph in read(written).quads()}
    assert found == graphs


@settings(deadline=None)
@given(st.one_of(texts, st.from_regex(r"https://[ -~]{0,30}", fullmatch=True)))
def test_what_passes_as_an_iri_is_one(text):
    iri = https_iri(text)
    if iri is None:
        return

    assert not set(iri) & set(' <>"{}|\\^`')
    ((subject, *_),) = read(write_turtle([(iri, NAME, Iri(iri))], "note")).quads()
    assert str(subject) == text


@pytest.mark.parametrize("iri", ["urn:a> <urn:b> <urn:c> . <urn:d", "urn:a> ."])
def test_what_rdflib_reads_otherwise_than_it_was_meant_is_not_handed_out(iri):
    with pytest.raises(CanonicalFormError):
        write_turtle([(iri, NAME, Text("x"))], "note")


def test_turtle_says_what_is_asserted_proved_and_claimed(citation):
    names = names_of(citation)
    about = names.part("citation")

    graph = rdflib.Graph().parse(data=turtle(citation), format="turtle")

    stated = [assertion, proved, claimed]
    meant = set(assertion(citation, names))
    meant.update(triple for tell in stated[1:] for triple in tell(citation, names, about))
    assert set(graph) == terms(meant)


def test_the_reified_citation_says_the_same_as_the_direct_one(citation):
    graph = rdflib.Graph().parse(data=turtle(citation), format="turtle")
    (this,) = graph.subjects(TYPE, CITO.Citation)
    citing, cited, kind = (
        graph.value(this, name)
        for name in (CITO.hasCitingEntity, CITO.hasCitedEntity, CITO.hasCitationCharacterization)
    )

    assert str(cited) == PAPER
    assert (citing, kind, cited) in graph
    assert (citing, rdflib.DCTERMS.requires, cited) in graph


def test_json_ld_is_read_as_the_same_triples_in_two_graphs(citation):
    names = names_of(citation)
    about = names.part("citation")

    found = read(json_ld(citation), "json-ld")

    sure = found.graph(rdflib.URIRef(names.part("proved")))
    said = found.graph(rdflib.URIRef(names.part("claimed")))
    assert set(sure) == terms(proved(citation, names, about))
    assert set(said) == terms([*assertion(citation, names), *claimed(citation, names, about)])


@pytest.mark.parametrize("form", ["turtle", "trig", "json-ld"])
def test_a_bibliography_is_read_with_each_of_its_papers(signing, form):
    listed = proved_bibliography(signing, NUMBER, OTHER)
    names = names_of(listed)
    text = convert_citation(listed, form, signing.settings)

    found = {quad[:3] for quad in read(text, form).quads()}

    assert terms(assertion(listed, names)) <= found
    papers = {str(value) for _, name, value in found if name == CITO.cites}
    assert papers == {one.record for one in names.papers}
    assert len(papers) == 2


def test_a_nanopublication_has_one_head_and_three_parts_that_are_not_empty(citation):
    quads = set(read(trig(citation)).quads())
    ((np, _, _, head),) = [q for q in quads if q[1:3] == (TYPE, NP.Nanopublication)]
    parts = {}
    for name in (NP.hasAssertion, NP.hasProvenance, NP.hasPublicationInfo):
        ((_, _, parts[name], place),) = [q for q in quads if q[1] == name]
        assert place == head
        assert [q for q in quads if q[0] == np and q[1] == name]

    # Every triple stands in one of the four graphs, and each of these has some.
    assert {graph for *_, graph in quads} == {head, *parts.values()}
    assert len({head, np, *parts.values()}) == 5
    assert all(isinstance(node, rdflib.URIRef) for node in parts.values())
    assert {q[0] for q in quads if q[3] == head} == {np}
    told = {q[:3] for q in quads if q[3] == parts[NP.hasProvenance]}
    assert [t for t in told if t[0] == parts[NP.hasAssertion]]
    assert [q for q in quads if q[3] == parts[NP.hasPublicationInfo] and q[0] == np]
    assert str(np) == f"https://pith-agent.dev/np/{citation.payload_sha256}"


def test_the_provenance_names_envelope_key_agent_and_source(citation):
    found = read(trig(citation))
    names = names_of(citation)
    part = rdflib.URIRef(names.part("assertion"))
    provenance = found.graph(rdflib.URIRef(names.part("provenance")))

    values = {str(value) for value in provenance.objects(part)}
    assert {citation.envelope_sha256, citation.citation_id, *citation.signed_by} <= values
    assert provenance.value(part, PROV.wasDerivedFrom) == rdflib.URIRef(names.citing)
    agent = provenance.value(part, PROV.wasAttributedTo)
    assert str(provenance.value(agent, rdflib.SDO.name)) == "Ada"


def test_the_assertion_holds_nothing_but_the_citation(citation):
    names = names_of(citation)

    found = read(trig(citation)).graph(rdflib.URIRef(names.part("assertion")))

    assert set(found) == terms(assertion(citation, names))


def test_a_record_whose_title_is_not_proved_has_none(citation):
    object.__setattr__(citation.records[0], "title", None)

    assert "schema:name" not in json.dumps(
        [p for _, p, _ in proved(citation, names_of(citation), "x")]
    )


def test_without_rdflib_the_forms_that_need_it_say_so(citation, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdflib", None)

    for form in (turtle, trig):
        with pytest.raises(SettingsError) as refused:
            form(citation)
        assert refused.value.code == "invalid-setting"
        assert "pith-agent[rdf]" in refused.value.hint
    assert json.loads(json_ld(citation))


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x1b[2J\x07\r\n\t",
        "\u202egnp.exe\u2066\U000e0041",
        '\\"""\n\\',
        "</script><!-- ]]>",
        "\ud7ff\ue000\uffff\U0010ffff",
        "",
    ],
)
def test_what_a_careless_signer_signed_is_written_so_that_it_steers_nothing(offline, text):
    document = RecordFiles([(as_bytes(signed_record()), "record.json")])
    client = offline(trust=TRUST, records=document)

    def change(content):
        put("predicate.statement", text)(content)
        put("predicate.created_at", "2026-05-20T00:00:00Z")(content)

    envelope = json.dumps(said(change)).encode()
    citation = require(prove(client, envelope, [CITING_KEY.public]))

    for write, form in ((turtle, "turtle"), (trig, "trig"), (json_ld, "json-ld")):
        written = write(citation)
        found = {str(value) for *_, value, _ in read(written, form).quads()}
        assert text in found
        assert all(character.isprintable() or character == "\n" for character in written)
