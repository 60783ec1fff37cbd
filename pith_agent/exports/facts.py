"""What an exported statement states, as triples: what is proved, and what the signer claims.

All forms are written from these, so that they cannot differ in what they say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from pith_agent.exports.cito import CITO, DCTERMS, MEANINGS
from pith_agent.exports.names import TERMS, Names, PaperNames, hash_iri
from pith_agent.exports.proved import ProvedCitation
from pith_agent.protocol.bibliography import BibliographyPredicate
from pith_agent.protocol.citation import Agent, Predicate
from pith_agent.protocol.proof import VerifiedRecord

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
NP = "http://www.nanopub.org/nschema#"
PROV = "http://www.w3.org/ns/prov#"
SCHEMA = "https://schema.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"

PREFIXES: MappingProxyType[str, str] = MappingProxyType(
    {
        "cito": CITO,
        "dcterms": DCTERMS,
        "np": NP,
        "pith": TERMS,
        "prov": PROV,
        "rdf": RDF,
        "rdfs": RDFS,
        "schema": SCHEMA,
        "xsd": XSD,
    }
)
"""Prefix → namespace."""

STRING = XSD + "string"
TYPE = RDF + "type"
COMMENT = RDFS + "comment"

PROVED = "Verified before the export: the signature of the statement, and each record it cites."
CLAIMED = (
    "Signed by the key named, and not otherwise proved: agent, time, text, what cites, and how."
)

_KINDS = {
    "document": "DigitalDocument",
    "code": "SoftwareSourceCode",
    "dataset": "Dataset",
    "pith": "ScholarlyArticle",
    "agent_output": "CreativeWork",
}
"""Kind of the citing document → class of schema.org."""


@dataclass(frozen=True, slots=True, order=True)
class Iri:
    """A resource. Made from a constant, a hash or a validated identifier."""

    value: str


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A literal, exactly as it was signed."""

    value: str
    datatype: str = STRING


Said: TypeAlias = Predicate | BibliographyPredicate

Triple: TypeAlias = tuple[str, str, Iri | Text]
"""Subject IRI, property IRI, value."""


def assertion(citation: ProvedCitation, names: Names) -> Iterator[Triple]:
    """What is said of each paper: directly, and as a `cito:Citation` with its characterization."""
    meaning = MEANINGS[citation.statement.predicate.relationship]
    for paper in names.papers:
        this = paper.citation
        for iri in meaning.properties:
            yield names.citing, iri, Iri(paper.record)
        yield this, TYPE, Iri(CITO + "Citation")
        yield this, CITO + "hasCitingEntity", Iri(names.citing)
        yield this, CITO + "hasCitedEntity", Iri(paper.record)
        yield this, CITO + "hasCitationCharacterization", Iri(meaning.characterization)
        if this != names.about:
            yield this, DCTERMS + "isPartOf", Iri(names.about)


def proved(citation: ProvedCitation, names: Names, about: str) -> Iterator[Triple]:
    """What was verified: of the cited records, and of the signature under `about`."""
    for record, paper in zip(citation.records, names.papers, strict=True):
        yield from _record(record, paper)
    yield about, TERMS + "citationId", Text(citation.citation_id)
    yield about, TERMS + "envelopeSha256", Text(citation.envelope_sha256)
    for keyid in citation.signed_by:
        yield about, TERMS + "keyId", Text(keyid)
    for code in citation.warnings:
        yield about, TERMS + "warning", Text(code)


def _record(record: VerifiedRecord, paper: PaperNames) -> Iterator[Triple]:
    cited = paper.record
    yield cited, TYPE, Iri(SCHEMA + "ScholarlyArticle")
    yield cited, SCHEMA + "identifier", Text(record.pith_number)
    yield cited, SCHEMA + "version", Text(str(record.signed.source.version))
    yield cited, TERMS + "canonicalSha256", Text(record.canonical_sha256)
    yield cited, TERMS + "receiptKeySha256", Text(record.key_sha256)
    if record.title is not None:
        yield cited, SCHEMA + "name", Text(record.title)
    if paper.doi is not None:
        yield cited, DCTERMS + "isVersionOf", Iri(paper.doi)


def claimed(citation: ProvedCitation, names: Names, about: str) -> Iterator[Triple]:
    """What the signer says beyond the assertion: who, when, where, in which words."""
    said, agent = citation.statement.predicate, names.part("agent")
    yield about, PROV + "wasAttributedTo", Iri(agent)
    yield about, PROV + "wasDerivedFrom", Iri(names.citing)
    yield about, PROV + "generatedAtTime", Text(said.created_at, XSD + "dateTime")
    yield about, TERMS + "relationship", Text(said.relationship)
    for name, value in _details(said):
        if value is not None:
            yield about, TERMS + name, Text(value)
    yield from _agent(agent, said.agent)
    yield from _citing(names.citing, said)


def _details(said: Said) -> Iterator[tuple[str, str | None]]:
    yield "locator", said.citing.locator
    if isinstance(said, BibliographyPredicate):
        return  # It says no more of its papers.
    yield "statement", said.statement
    yield "supersedes", said.supersedes
    if said.claim is not None:
        yield "claimId", said.claim.id
        yield "claimTextSha256", said.claim.text_sha256
    if said.quote is not None:
        yield "quote", said.quote.text
        yield "quoteSha256", said.quote.sha256
        yield "quotePage", None if said.quote.page is None else str(said.quote.page)
        yield "quoteSection", said.quote.section


def _agent(agent: str, said: Agent) -> Iterator[Triple]:
    yield agent, TYPE, Iri(PROV + "Agent")
    yield agent, SCHEMA + "name", Text(said.name)
    yield agent, SCHEMA + "softwareVersion", Text(said.version)
    more = (("model", said.model), ("session", said.session), ("onBehalfOf", said.on_behalf_of))
    for name, value in more:
        if value is not None:
            yield agent, TERMS + name, Text(value)


def _citing(citing: str, said: Said) -> Iterator[Triple]:
    yield citing, TYPE, Iri(SCHEMA + _KINDS[said.citing.kind])
    yield citing, SCHEMA + "identifier", Text(said.citing.id)
    if said.citing.digest is not None:
        yield citing, SCHEMA + "sha256", Text(said.citing.digest.sha256)
        content = hash_iri(said.citing.digest.sha256)
        if content != citing:  # A URL may come to hold something else; the hash does not.
            yield citing, TERMS + "content", Iri(content)
