"""The forms that a verified citation or bibliography can be written in, by name."""

from typing import Literal, TypeAlias

from pith_agent.exports.jsonld import json_ld
from pith_agent.exports.nanopub import trig
from pith_agent.exports.proved import ProvedCitation
from pith_agent.exports.request import pith_request
from pith_agent.exports.turtle import turtle
from pith_agent.network.address import parse_bases
from pith_agent.settings import Settings

Form: TypeAlias = Literal["trig", "turtle", "json-ld", "pith-request"]


def convert_citation(citation: ProvedCitation, form: Form, settings: Settings) -> str:
    """A statement in one of four forms; UTF-8 text that ends with a newline.

    | form | is |
    |---|---|
    | `trig` | a nanopublication |
    | `turtle` | one graph |
    | `json-ld` | two named graphs, what is proved and what is claimed |
    | `pith-request` | a request to the first configured registry, which is not sent |

    A request is of one paper, so that it is none of a bibliography's forms.

    Raises:
        SettingsError: It has no such form, rdflib is not installed, or the registry's address
            cannot be used.
    """
    match form:
        case "trig":
            return trig(citation)
        case "turtle":
            return turtle(citation)
        case "json-ld":
            return json_ld(citation)
        case "pith-request":
            return pith_request(citation, parse_bases(settings.registry)[0])
