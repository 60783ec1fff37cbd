"""A signed statement as JSON-LD, in two named graphs: what is proved, and what is claimed.

The context stands in the document, so that reading it needs no connection.
"""

import json
import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from pith_agent.exports.facts import (
    CLAIMED,
    PREFIXES,
    PROVED,
    STRING,
    TYPE,
    Iri,
    Text,
    Triple,
    assertion,
    claimed,
    proved,
)
from pith_agent.exports.names import names_of
from pith_agent.exports.proved import ProvedCitation
from pith_agent.protocol.strict_json import JsonObject

_SEEN = re.compile(r"[^\n -~]")


def json_ld(citation: ProvedCitation) -> str:
    """The statement as JSON-LD 1.1: UTF-8 text that ends with a newline.

    What cannot be seen is escaped, so that the text can be shown; read, it is what was signed.
    """
    text = json.dumps(json_ld_object(citation), indent=2, ensure_ascii=False)
    return _SEEN.sub(lambda found: _escaped(found[0]), text) + "\n"


def json_ld_object(citation: ProvedCitation) -> JsonObject:
    """The same as an object: `@context`, and `@graph` with the graphs `proved` and `claimed`."""
    names = names_of(citation)
    about = names.about
    said = [*assertion(citation, names), *claimed(citation, names, about)]
    graphs: list[JsonValue] = [
        _graph(names.part("proved"), PROVED, proved(citation, names, about)),
        _graph(names.part("claimed"), CLAIMED, said),
    ]
    return {"@context": dict(PREFIXES), "@graph": graphs}


def _graph(name: str, comment: str, triples: Iterable[Triple]) -> JsonObject:
    return {"@id": name, "rdfs:comment": comment, "@graph": [*_nodes(triples)]}


def _nodes(triples: Iterable[Triple]) -> Iterator[JsonValue]:
    """One object for each subject, in order; a property with several values has a list."""
    stated: dict[str, dict[str, set[Iri | Text]]] = {}
    for subject, name, value in triples:
        stated.setdefault(subject, {}).setdefault(name, set()).add(value)
    for subject, properties in sorted(stated.items()):
        node: JsonObject = {"@id": subject}
        for name, values in sorted(properties.items(), key=lambda item: (item[0] != TYPE, item[0])):
            written = sorted((_value(name, value) for value in values), key=json.dumps)
            node[_key(name)] = written[0] if len(written) == 1 else written
        yield node


def _value(name: str, value: Iri | Text) -> JsonValue:
    if isinstance(value, Iri):
        return _short(value.value) if name == TYPE else {"@id": value.value}
    if value.datatype == STRING:
        return value.value
    return {"@value": value.value, "@type": _short(value.datatype)}


def _key(name: str) -> str:
    return "@type" if name == TYPE else _short(name)


def _short(iri: str) -> str:
    """An IRI of one of the vocabularies, which every name and type here is."""
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return iri


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
