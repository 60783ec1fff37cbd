"""The eight relationships of citations as properties of CiTO, the Citation Typing Ontology.

Source: CiTO 2.8.2 (2026-06-22), https://sparontologies.github.io/cito/current/cito.html, and
DCMI Metadata Terms. docs/reference/citation-export.md gives the reason for each choice.
"""

from dataclasses import dataclass
from types import MappingProxyType

from pith_agent.protocol.citation import Relationship

CITO = "http://purl.org/spar/cito/"
DCTERMS = "http://purl.org/dc/terms/"

CITES = CITO + "cites"
"""The property that all the others of CiTO imply."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a relationship is in other vocabularies."""

    characterization: str
    """IRI of the CiTO property, which says nothing that was not signed."""
    exact: str | None = None
    """IRI of a term outside CiTO that says the same, where CiTO has none."""

    @property
    def properties(self) -> tuple[str, ...]:
        """IRIs of all properties that lead from what cites to what is cited, sorted."""
        stated = {CITES, self.characterization, self.exact}
        return tuple(sorted(iri for iri in stated if iri is not None))


MEANINGS: MappingProxyType[Relationship, Meaning] = MappingProxyType(
    {
        "supports": Meaning(CITO + "supports"),
        "refutes": Meaning(CITO + "refutes"),
        "extends": Meaning(CITO + "extends"),
        "uses_method": Meaning(CITO + "usesMethodIn"),
        # usesConclusionsFrom and obtainsSupportFrom say on what it depends, which is not signed.
        "depends_on": Meaning(CITES, DCTERMS + "requires"),
        "replaces": Meaning(CITO + "updates", DCTERMS + "replaces"),
        # Lossy: CiTO has no comparison, and what compares at least discusses.
        "compares": Meaning(CITO + "discusses"),
        "cites": Meaning(CITES),
    }
)
"""Relationship → what it is elsewhere."""
