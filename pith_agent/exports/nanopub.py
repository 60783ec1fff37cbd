"""A citation or bibliography as a nanopublication: four named graphs in TriG.

Source: https://nanopub.net/guidelines/working_draft/.
"""

from collections.abc import Iterator

from pith_agent.exports.cito import DCTERMS
from pith_agent.exports.facts import (
    CLAIMED,
    COMMENT,
    NP,
    PROV,
    PROVED,
    TYPE,
    XSD,
    Iri,
    Text,
    Triple,
    assertion,
    claimed,
    proved,
)
from pith_agent.exports.names import TERMS, Names, names_of
from pith_agent.exports.proved import ProvedCitation
from pith_agent.exports.turtle import NOTE
from pith_agent.exports.written import write_trig

UNSIGNED = (
    "Made from a signed statement, which is signed as a DSSE envelope. The nanopublication itself"
    " is not signed, and its name holds no hash of it."
)


def trig(citation: ProvedCitation) -> str:
    """A nanopublication of the statement, not published and not signed as one.

    Raises:
        SettingsError: rdflib is not installed.
    """
    names = names_of(citation)
    graphs = {
        names.part("Head"): _head(names),
        names.part("assertion"): assertion(citation, names),
        names.part("provenance"): _provenance(citation, names),
        names.part("pubinfo"): _pubinfo(citation, names),
    }
    return write_trig(graphs, NOTE)


def _head(names: Names) -> Iterator[Triple]:
    yield names.base, TYPE, Iri(NP + "Nanopublication")
    yield names.base, NP + "hasAssertion", Iri(names.part("assertion"))
    yield names.base, NP + "hasProvenance", Iri(names.part("provenance"))
    yield names.base, NP + "hasPublicationInfo", Iri(names.part("pubinfo"))


def _provenance(citation: ProvedCitation, names: Names) -> Iterator[Triple]:
    about = names.part("assertion")
    yield from proved(citation, names, about)
    yield from claimed(citation, names, about)
    yield about, COMMENT, Text(f"{PROVED} {CLAIMED}")


def _pubinfo(citation: ProvedCitation, names: Names) -> Iterator[Triple]:
    # The time of the citation, as claimed: the time of the export would change the text each time.
    created = citation.statement.predicate.created_at
    yield names.base, DCTERMS + "created", Text(created, XSD + "dateTime")
    yield names.base, PROV + "wasDerivedFrom", Iri(names.about)
    yield names.base, TERMS + "citationId", Text(citation.citation_id)
    yield names.base, COMMENT, Text(UNSIGNED)
