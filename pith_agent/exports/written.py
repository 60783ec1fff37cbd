"""Triples as Turtle and TriG: the same text for the same triples, which is read again and compared.

Each literal is on one line, and what cannot be seen is escaped: a text can neither leave its
quotes nor command a terminal, and is still the text that was signed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING

from pith_agent.errors import CanonicalFormError, SettingsError
from pith_agent.exports.facts import PREFIXES, STRING, TYPE, Iri, Text, Triple

if TYPE_CHECKING:
    from types import ModuleType

    from rdflib.term import Node

_NOT_AS_MEANT = "rdflib reads the citation otherwise than it was meant, so it is not written."
_INSTEAD = "Convert it to json-ld."


def write_turtle(triples: Iterable[Triple], comment: str) -> str:
    """One graph as Turtle.

    Args:
        triples: In any order; none has a blank node.
        comment: A line at the beginning, without line ends.

    Raises:
        SettingsError: rdflib is not installed.
        CanonicalFormError: rdflib reads the text otherwise than it was meant.
    """
    return _checked({None: set(triples)}, comment)


def write_trig(graphs: Mapping[str, Iterable[Triple]], comment: str) -> str:
    """Named graphs as TriG, in the order given; arguments and errors as `write_turtle`."""
    return _checked({name: set(triples) for name, triples in graphs.items()}, comment)


def _checked(graphs: Mapping[str | None, set[Triple]], comment: str) -> str:
    lines = [f"# {comment}"]
    lines += [f"@prefix {name}: <{iri}> ." for name, iri in PREFIXES.items()]
    for name, triples in graphs.items():
        body = _body(triples)
        lines += ["", *body] if name is None else ["", f"<{name}> {{", *body, "}"]
    text = "\n".join(lines) + "\n"
    _require_read(text, graphs)
    return text


def _body(triples: set[Triple]) -> Iterator[str]:
    for subject, found in groupby(sorted(triples, key=_order), key=lambda triple: triple[0]):
        pairs = [f"{_property(name)} {_value(value)}" for _, name, value in found]
        yield f"<{subject}>"
        yield from (f"    {pair} ;" for pair in pairs[:-1])
        yield f"    {pairs[-1]} ."


def _order(triple: Triple) -> tuple[str, bool, str, str, str]:
    subject, name, value = triple
    datatype = value.datatype if isinstance(value, Text) else ""
    return subject, name != TYPE, name, value.value, datatype


def _property(iri: str) -> str:
    return "a" if iri == TYPE else _short(iri)


def _short(iri: str) -> str:
    """An IRI of a known vocabulary with its prefix; another in angle brackets."""
    for prefix, namespace in PREFIXES.items():
        if (local := iri.removeprefix(namespace)) != iri and local.isascii() and local.isalnum():
            return f"{prefix}:{local}"
    return f"<{iri}>"


def _value(value: Iri | Text) -> str:
    if isinstance(value, Iri):
        return _short(value.value)
    quoted = '"' + "".join(map(_character, value.value)) + '"'
    return quoted if value.datatype == STRING else f"{quoted}^^{_short(value.datatype)}"


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _require_read(text: str, graphs: Mapping[str | None, set[Triple]]) -> None:
    """See that rdflib reads from `text` what was meant: the triples, each in its graph.

    Raises:
        SettingsError: rdflib is not installed.
        CanonicalFormError: It reads something else.
    """
    rdflib = _rdflib()
    unnamed = rdflib.graph.DATASET_DEFAULT_GRAPH_ID

    def term(value: Iri | Text) -> Node:
        if isinstance(value, Iri):
            node: Node = rdflib.URIRef(value.value)
            return node
        datatype = None if value.datatype == STRING else rdflib.URIRef(value.datatype)
        # Not compared as texts: rdflib writes times in its own way.
        literal: Node = rdflib.Literal(value.value, datatype=datatype)
        return literal

    meant = {
        (term(Iri(subject)), term(Iri(name)), term(value), rdflib.URIRef(graph or unnamed))
        for graph, triples in graphs.items()
        for subject, name, value in triples
    }
    with warnings.catch_warnings():
        # rdflib warns of calls that are its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        dataset = rdflib.Dataset()
        try:
            dataset.parse(data=text, format="trig")
        except SyntaxError as error:
            raise CanonicalFormError(_NOT_AS_MEANT, hint=_INSTEAD) from error
        read = set(dataset.quads())
    if read != meant:
        raise CanonicalFormError(_NOT_AS_MEANT, hint=_INSTEAD)


def _rdflib() -> ModuleType:
    """rdflib, which takes a sixth of a second to load and is loaded for these forms only.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("rdflib")
    except ImportError as error:
        raise SettingsError(
            "Turtle and TriG are checked with rdflib, which is not installed.",
            hint="Install 'pith-agent[rdf]'.",
        ) from error
