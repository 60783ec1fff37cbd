"""What a tool is: a name, a description, arguments, a result, and a function over a client.

The same definitions serve MCP and every function-calling API.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pith_agent.client import WORKERS, Client
from pith_agent.errors import ArgumentsError
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.tools.budget import within_budget
from pith_agent.tools.schema import argument_noise, compact, result_noise, stored_schemas

MAX_ITEMS = 100
"""Entries of one list argument."""

BATCH = 2 * WORKERS
"""Entries between two reports of progress, as many as keep all workers busy.

A call with no more of them is over too soon for a report.
"""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many entries are done, and how many there are."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


class Arguments(BaseModel):
    """The arguments of a tool. Unknown ones are refused: a misspelt option would be ignored."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


def _as_list(value: object) -> object:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [value]
    if value is None:
        return []
    return [value] if isinstance(value, str | dict) else value


AsList = BeforeValidator(_as_list)
"""Takes one entry for a list of one, `null` for none, and a list that was sent as a string.

Models often leave the brackets out, or put quotes around them.
"""

LIST_LIMITS: dict[str, Any] = {"maxItems": MAX_ITEMS}

Ids = Annotated[
    list[str],
    AsList,
    Field(
        description="Pith Numbers, arXiv ids, arXiv DOIs or URLs of one.",
        json_schema_extra={"minItems": 1, **LIST_LIMITS},
    ),
]

A = TypeVar("A", bound=Arguments)
Q = TypeVar("Q")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ToolDefinition(Generic[A]):
    """One tool."""

    name: str
    title: str
    description: str
    """When to use it, when not, and what to call next."""
    arguments: type[A]
    result: type[BaseModel]
    run: Callable[[Client, A, Progress], BaseModel]
    read_only: bool = True
    """Whether it changes nothing on this machine but the cache."""
    open_world: bool = True
    """Whether it may ask a registry."""

    @property
    def input_schema(self) -> JsonObject:
        """JSON Schema of the arguments."""
        return stored_schemas()[self.name]["input"]

    @property
    def output_schema(self) -> JsonObject:
        """JSON Schema of the result."""
        return stored_schemas()[self.name]["output"]

    def computed_schemas(self) -> dict[str, JsonObject]:
        """Both schemas, computed from the models; `schemas.json` holds them ready made."""
        return {
            "input": compact(self.arguments.model_json_schema(), argument_noise),
            "output": compact(self.result.model_json_schema(), result_noise),
        }

    def call(
        self, client: Client, arguments: JsonObject, progress: Progress = no_progress
    ) -> JsonObject:
        """Check the arguments, run the tool, and give its result as JSON.

        Raises:
            ArgumentsError: The arguments do not fit; the message names each and shows no value.
            PithError: Nothing could be done for any entry.
        """
        try:
            accepted = self.arguments.model_validate(arguments)
        except ValidationError as error:
            faults = [
                f"{safe_text('.'.join(map(str, fault['loc'])), 80) or 'arguments'}: {fault['msg']}"
                for fault in error.errors(include_url=False, include_input=False)
            ]
            more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
            raise ArgumentsError(f"{'; '.join(faults[:5])}{more}.") from error
        result = self.run(client, accepted, progress)
        dumped: JsonObject = result.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return within_budget(dumped)


def bounded(name: str, count: int) -> None:
    """Refuse a list that is empty or too long, before anything is done.

    Raises:
        ArgumentsError: It is.
    """
    if not 1 <= count <= MAX_ITEMS:
        raise ArgumentsError(
            f"{name} has {count} entries; a call takes 1 to {MAX_ITEMS}. Nothing was done:"
            " split the list, and call once for each part."
        )


def in_batches(
    ask: Callable[[Sequence[Q]], list[T]],
    questions: Sequence[Q],
    progress: Progress,
    *,
    done: int = 0,
    total: int | None = None,
) -> list[T]:
    """Ask in parts, and tell after each how many of all are done: `done` were so before."""
    answers: list[T] = []
    for start in range(0, len(questions), BATCH):
        answers += ask(questions[start : start + BATCH])
        progress(done + len(answers), total or len(questions))
    return answers
