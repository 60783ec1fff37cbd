"""`sign_citation`, `verify_citation` and `list_citations`."""

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue

from pith_agent.answers import outcome_of
from pith_agent.client import Client
from pith_agent.errors import (
    ArgumentsError,
    CitationError,
    NotFoundError,
    PithError,
    ShortIdentifierError,
    StatementError,
    StorageError,
)
from pith_agent.protocol.citation import Page, Relationship
from pith_agent.protocol.citation_draft import CitationRequest, citing_digest
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.identifier import parse_identifier
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.signed import Draft, SignedCitation, once_each, signed_citation
from pith_agent.tools.definition import (
    LIST_LIMITS,
    Arguments,
    AsList,
    Ids,
    Progress,
    ToolDefinition,
    bounded,
    in_batches,
)
from pith_agent.tools.results import (
    CheckedCitations,
    LoggedCitation,
    LoggedCitations,
    Signed,
    SignedItem,
    logged,
)

if TYPE_CHECKING:
    from pith_agent.judging import Asked
    from pith_agent.storage.ledger_entry import Entry

ID_LENGTH = 90
"""Characters of a citation id that an answer repeats. A real one has 70."""


SEARCHED = 10_000
"""Entries of the ledger that one call looks through for a paper; `next_start` goes on."""


class SignArguments(Arguments):
    ids: Ids
    relationship: Annotated[Relationship, Field(description="How the citing work uses the paper.")]
    citing_id: Annotated[
        str, Field(description="What cites: a file path, URL or title.", max_length=500)
    ]
    citing_kind: Annotated[
        Literal["document", "code", "dataset", "pith", "agent_output"],
        Field(description="All but agent_output need citing_sha256."),
    ] = "agent_output"
    citing_sha256: Annotated[
        str | None, Field(description="SHA-256 of the citing file, lower-case hex.")
    ] = None
    locator: Annotated[str | None, Field(description="Where in it, such as docs/index.rst:12.")] = (
        None
    )
    claim_id: Annotated[
        str | None, Field(description="A claim of the cited record, from `fetch`.")
    ] = None
    quote: Annotated[
        str | None, Field(description="Words from the paper; their hash is signed.")
    ] = None
    with_quote_text: Annotated[bool, Field(description="Sign the quoted words too.")] = False
    page: Annotated[Page | None, Field(description="The page of the quote.")] = None
    statement: Annotated[
        str | None, Field(description="What you say about the paper.", max_length=2000)
    ] = None
    agent_name: Annotated[str, Field(description="Your name.")] = "unnamed agent"
    agent_version: Annotated[str, Field(description="Your version.")] = "unknown"
    agent_model: Annotated[str | None, Field(description="The model you run on.")] = None
    dry_run: Annotated[bool, Field(description="Show what would be signed; write nothing.")] = False


class VerifyCitationArguments(Arguments):
    citations: Annotated[
        list[dict[str, JsonValue] | str],
        AsList,
        Field(
            description="Envelopes, as sign_citation returned them; bundles; or ids, signed here.",
            json_schema_extra={"minItems": 1, **LIST_LIMITS},
        ),
    ]
    citing_sha256: Annotated[
        str | None, Field(description="SHA-256 of the document they must be of, lower-case hex.")
    ] = None
    ledger_proof: Annotated[
        str | None, Field(description="Text of the tlog-proof of one citation.")
    ] = None


class ListCitationsArguments(Arguments):
    pith_number: Annotated[str | None, Field(description="Only those of this paper.")] = None
    start: Annotated[int, Field(description="First index, from 0.", ge=0)] = 0
    limit: Annotated[int, Field(description="How many.", ge=1, le=100)] = 20


def _sign(client: Client, arguments: SignArguments, progress: Progress) -> Signed:
    bounded("ids", len(arguments.ids))
    request = _request(arguments)
    ask = partial(client.statements.draft, request=request)
    said = once_each(in_batches(ask, arguments.ids, progress))
    drafts = [one for one in said if isinstance(one, Draft)]
    # All that is proved is signed and logged at once: if the disk fails, nothing was signed.
    if arguments.dry_run or not drafts:
        citations = list(map(signed_citation, drafts))
    else:
        citations = client.statements.sign(drafts)
    waiting = iter(citations)
    items = (
        _cited(next(waiting)) if isinstance(one, Draft) else _uncited(target, one)
        for target, one in zip(arguments.ids, said, strict=True)
    )
    return Signed(items=tuple(items))


def _cited(citation: SignedCitation) -> SignedItem:
    status = "signed" if citation.signed else "drafted"
    return SignedItem(target=citation.target, status=status, code="ok", citation=citation)


def _uncited(target: str, error: PithError) -> SignedItem:
    refused = isinstance(error, ShortIdentifierError | CitationError)
    status = "refused" if refused else outcome_of(error)
    return SignedItem.without_citation(target, status, error)


def _request(said: SignArguments) -> CitationRequest:
    """The request in the terms of the protocol, which is stricter than a tool's schema."""
    if said.citing_kind != "agent_output" and said.citing_sha256 is None:
        raise ArgumentsError(
            "citing_sha256: what cites is named by its SHA-256; only an agent_output may lack it."
            " Nothing was signed."
        )
    try:
        return CitationRequest.read(
            {
                "relationship": said.relationship,
                "citing": {
                    "kind": said.citing_kind,
                    "id": said.citing_id,
                    "digest": {"sha256": citing_digest(said.citing_sha256)}
                    if said.citing_sha256 is not None
                    else None,
                    "locator": said.locator,
                },
                "claim_id": said.claim_id,
                "quote": said.quote,
                "with_quote_text": said.with_quote_text,
                "page": said.page,
                "statement": said.statement,
                "agent": {
                    "name": said.agent_name,
                    "version": said.agent_version,
                    "model": said.agent_model,
                },
            }
        )
    except StatementError as error:
        raise ArgumentsError(error.message) from error


def _verify(
    client: Client, arguments: VerifyCitationArguments, progress: Progress
) -> CheckedCitations:
    bounded("citations", len(arguments.citations))
    asked: Asked = {"citing_sha256": arguments.citing_sha256}
    if arguments.ledger_proof is not None:
        if len(arguments.citations) > 1:
            raise ArgumentsError("ledger_proof: it is of one citation; verify that one alone.")
        asked["proof"] = arguments.ledger_proof.encode("utf-8", "replace")
    ask = partial(_verify_some, client, asked=asked)
    return CheckedCitations(items=tuple(in_batches(ask, arguments.citations, progress)))


def _verify_some(
    client: Client, citations: Sequence[JsonObject | str], asked: "Asked"
) -> list[CitationReport]:
    given = [_envelope(client, citation) for citation in citations]
    reports = iter(
        client.verify_citations(
            (one for one in given if not isinstance(one, CitationReport)), **asked
        )
    )
    return [one if isinstance(one, CitationReport) else next(reports) for one in given]


def _envelope(client: Client, citation: JsonObject | str) -> JsonObject | bytes | CitationReport:
    """An envelope as it was given, or the one that the ledger has under an id."""
    if not isinstance(citation, str):
        return citation
    if citation.lstrip().startswith("{"):
        return citation.encode("utf-8", "replace")
    try:
        entry = client.ledger.require(citation)
    except (NotFoundError, StorageError) as error:  # Another citation may come as an envelope.
        return CitationReport(
            verdict="undecidable",
            code=error.code,
            message=error.message,
            hint=error.hint,
            citation_id=safe_text(citation[:ID_LENGTH]),
        )
    return entry.envelope.canonical()


def _list(client: Client, arguments: ListCitationsArguments, progress: Progress) -> LoggedCitations:
    size = len(client.ledger)
    start = min(arguments.start, size)
    suffix = _suffix(arguments.pith_number)
    items: list[LoggedCitation] = []
    end = start
    for entry in client.ledger.entries(start, SEARCHED if suffix else arguments.limit):
        end += 1
        if suffix is None or _is_of(entry, suffix):
            items.append(logged(entry, client.ledger))
        if len(items) == arguments.limit:
            break
    return LoggedCitations(size=size, items=tuple(items), next_start=end if end < size else None)


def _is_of(entry: "Entry", suffix: str) -> bool:
    """Whether a citation is of the paper of that Pith Number, or a bibliography has it."""
    subjects = json.loads(entry.envelope.payload_bytes)["subject"]
    return any(one["name"].endswith(suffix) for one in subjects)


def _suffix(number: str | None) -> str | None:
    if number is None:
        return None
    named = parse_identifier(number, context="pith")
    if named.kind != "pith":
        raise ArgumentsError("pith_number: this is no full Pith Number.")
    return f":{named.suffix}"


SIGN_CITATION = ToolDefinition(
    name="sign_citation",
    title="Sign a citation",
    description=(
        "Sign that a work cites verified papers, and append it to this machine's ledger. Refuses"
        " papers that are not verified, short ids, and a paper named twice. The key is the user's"
        " file ('pith-agent keys new'), never an argument. Returns the DSSE envelope, its"
        " `citation_id` and ledger position. Next: `verify_citation` with it."
    ),
    arguments=SignArguments,
    result=Signed,
    run=_sign,
    read_only=False,
)

VERIFY_CITATION = ToolDefinition(
    name="verify_citation",
    title="Check signed citations",
    description=(
        "Check signed citations: signature, statement, cited record, claim, quote. One by a key"
        " that is not trusted here is `undecidable` (unknown-signer). Agent, time and words in a"
        " statement are what the signer says, not proofs."
    ),
    arguments=VerifyCitationArguments,
    result=CheckedCitations,
    run=_verify,
)

LIST_CITATIONS = ToolDefinition(
    name="list_citations",
    title="List what was signed here",
    description=(
        "List what this machine signed, in order, from its ledger: citations, bibliographies,"
        " retractions. `next_start` goes on."
    ),
    arguments=ListCitationsArguments,
    result=LoggedCitations,
    run=_list,
    open_world=False,
)
