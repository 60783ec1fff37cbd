"""What was typed or sent."""

from pith_agent.errors.root import PithError


class IdentifierError(PithError):
    """The text is no Pith Number, arXiv id, DOI, or URL of one."""

    code = "invalid-identifier"
    hint = "Give a Pith Number, an arXiv id, a DOI, or a URL of one of them."


class FileError(IdentifierError):
    """A file that was named cannot be read."""

    code = "unreadable-file"
    hint = "Check the path, and that it is a plain file that you may read."


class ShortIdentifierError(IdentifierError):
    """A short form was given where only a full identifier may stand."""

    code = "short-identifier"
    hint = "Resolve the short form, and use the full Pith Number."


class ConflictingIdentifiersError(IdentifierError):
    """One reference names two papers, or two versions."""

    code = "conflicting-identifiers"
    hint = "Find out which paper is meant, and remove the other identifier."


class DocumentError(PithError):
    """The JSON is no record, bundle or compact record."""

    code = "malformed-document"
    hint = "Give a record, a bundle, or an object with canonical_record and receipt."


class JsonError(DocumentError):
    """The bytes are not the strict JSON that can be hashed without ambiguity."""

    code = "malformed-json"
    hint = "Fetch the document again, and do not pass it through a program that rewrites JSON."


class DocumentTooLargeError(DocumentError):
    """The document is larger than any genuine one."""

    code = "document-too-large"
    hint = "Do not use this document: records are at most 1 MiB, bundles 8 MiB."


class CanonicalFormError(DocumentError):
    """The value has no single canonical serialisation."""

    code = "canonical-ambiguous"
    hint = "Do not use this record: two programs could hash it differently."


class LockError(DocumentError):
    """The file is no lock."""

    code = "malformed-lock"
    hint = (
        "Restore it from version control. Or delete it, and make a new one with"
        " 'python -m sphinx_pith lock'."
    )
