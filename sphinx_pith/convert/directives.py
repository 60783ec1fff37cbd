"""Directives by what is in them. All names that are in none of these sets are left alone."""

PROSE_FIRST = frozenset(
    [
        "attention",
        "caution",
        "compound",
        "danger",
        "epigraph",
        "error",
        "highlights",
        "hint",
        "important",
        "note",
        "pull-quote",
        "seealso",
        "tip",
        "warning",
        "versionadded",
        "versionchanged",
        "deprecated",
        "versionremoved",
        "centered",
        "todo",
    ]
)
"""What follows the name on the same line is prose already."""

TITLED = frozenset(
    ["admonition", "rubric", "sidebar", "topic", "card", "dropdown", "details", "collapse"]
)
"""The line of the name is a title, the body is prose."""

PROSE_BODY = frozenset(
    [
        "class",
        "container",
        "figure",
        "footnotes",
        "glossary",
        "hlist",
        "list-table",
        "only",
        "table",
        "attribute",
        "currentmodule",
        "data",
        "decorator",
        "decoratormethod",
        "describe",
        "exception",
        "function",
        "method",
        "module",
        "object",
        "property",
        "staticmethod",
        "classmethod",
        "type",
        "autoattribute",
        "autoclass",
        "autodata",
        "autoexception",
        "autofunction",
        "automethod",
        "automodule",
        "autoproperty",
        "card-body",
        "grid",
        "grid-item",
        "grid-item-card",
        "tab-item",
        "tab-set",
        "tabs",
        "tab",
        "proof",
        "theorem",
        "lemma",
        "definition",
        "proposition",
        "corollary",
        "remark",
        "example",
        "exercise",
        "solution",
    ]
)
"""The line of the name holds arguments, the body is prose."""

CODE = frozenset(
    [
        "code",
        "code-block",
        "code-cell",
        "doctest",
        "highlight",
        "ipython",
        "jupyter-execute",
        "literalinclude",
        "math",
        "parsed-literal",
        "plot",
        "prompt",
        "raw",
        "sourcecode",
        "testcleanup",
        "testcode",
        "testoutput",
        "testsetup",
    ]
)
"""The body is not prose, and a report says that it is code."""
