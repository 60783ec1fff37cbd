"""A citation or bibliography as Turtle: CiTO triples, and what is known of them."""

from pith_agent.exports.facts import assertion, claimed, proved
from pith_agent.exports.names import names_of
from pith_agent.exports.proved import ProvedCitation
from pith_agent.exports.written import write_turtle

NOTE = (
    "The signature and each cited record were verified. What is said of a paper, by whom and when,"
    " is claimed by the signer."
)
"""First line of the RDF forms, which cannot tell what is proved from what is claimed elsewhere."""


def turtle(citation: ProvedCitation) -> str:
    """One graph: the assertion, what was verified, and what else the signer says.

    Raises:
        SettingsError: rdflib is not installed.
    """
    names = names_of(citation)
    about = names.about
    stated = [
        *assertion(citation, names),
        *proved(citation, names, about),
        *claimed(citation, names, about),
    ]
    return write_turtle(stated, NOTE)
