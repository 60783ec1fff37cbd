"""The request with which a registry would be asked to sign a citation. It is shown, never sent.

The address is made from the configured registry and the verified Pith Number. The links of a
record, `agent_actions` among them, are not looked at: nothing signs them.

Source: docs/reference/protocol.md, "Endpoints".
"""

import json

from pith_agent.errors import SettingsError
from pith_agent.exports.proved import ProvedCitation
from pith_agent.network.address import BaseUrl
from pith_agent.protocol.citation import Statement
from pith_agent.protocol.strict_json import JsonObject

ACTION = "citation_signature"

NOT_SENT = (
    "Not sent; the body that the registry expects is not published, nor are method, headers and"
    " authentication. What is shown of these is a guess. The registry says that it signs the"
    " assertion itself, after moderation."
)


def pith_request(citation: ProvedCitation, registry: BaseUrl) -> str:
    """The request as JSON: `sent`, which is false, `note`, and `request` with what is guessed.

    Args:
        citation: What would be sent.
        registry: The base address that is configured.

    Raises:
        SettingsError: As `pith_request_object`.
    """
    return json.dumps(pith_request_object(citation, registry), indent=2) + "\n"


def pith_request_object(citation: ProvedCitation, registry: BaseUrl) -> JsonObject:
    """The same as an object.

    Raises:
        SettingsError: It is a bibliography: the action is one of a record.
    """
    if not isinstance(citation.statement, Statement):
        raise SettingsError(
            "The registry's action is of one record, and a bibliography is of several.",
            hint="Give a signed citation of one paper, or choose another form.",
        )
    (record,) = citation.records
    suffix = record.pith_number.rpartition(":")[2]
    envelope = citation.envelope.model_dump(mode="json", by_alias=True)
    return {
        "sent": False,
        "note": NOT_SENT,
        "guessed": ["method", "headers", "body"],
        "request": {
            "method": "POST",
            "url": f"{registry}/pith/{suffix}/action/{ACTION}",
            "headers": {"Accept": "application/json", "Content-Type": "application/json"},
            "body": envelope,
        },
    }
