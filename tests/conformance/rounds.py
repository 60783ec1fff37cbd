"""What the revision of 2026-07-28 has: answers that ask the client for input, and rules about
capabilities, logs and changed lists.
"""

from collections.abc import Callable

from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    ClientCapabilities,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListRootsRequest,
    MissingRequiredClientCapabilityErrorData,
    SamplingCapability,
    SamplingMessage,
    TextContent,
)

from tests.conformance.contents import text

Round = InputRequiredResult | CallToolResult


def add_rounds(server: MCPServer) -> None:
    """Register them."""
    for tool in (
        test_input_required_result_elicitation,
        test_input_required_result_sampling,
        test_input_required_result_list_roots,
        test_input_required_result_request_state,
        test_input_required_result_multiple_inputs,
        test_input_required_result_multi_round,
        test_input_required_result_tampered_state,
        test_input_required_result_capabilities,
        test_missing_capability,
        test_streaming_elicitation,
        test_logging_tool,
        test_trigger_tool_change,
        test_trigger_prompt_change,
    ):
        server.add_tool(tool, structured_output=False)
    server.prompt()(test_input_required_result_prompt)


def form(message: str, **properties: str) -> ElicitRequest:
    """A form to fill in: the names of its fields, and their JSON types."""
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(prompt: str, max_tokens: int) -> CreateMessageRequest:
    """A question for the client's model."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


def filled(ctx: Context, key: str, field: str) -> object:
    """What the user put into the form `key`, or `None` if it was not answered."""
    answer = (ctx.input_responses or {}).get(key)
    if not isinstance(answer, ElicitResult) or answer.action != "accept":
        return None
    return (answer.content or {}).get(field)


def answered(ctx: Context, key: str) -> bool:
    """Whether the client answered `key`."""
    return key in (ctx.input_responses or {})


def done(said: str) -> CallToolResult:
    """The last answer of a tool."""
    return CallToolResult(content=list(text(said)))


def test_input_required_result_elicitation(ctx: Context) -> Round:
    """Ask for a name; greet."""
    name = filled(ctx, "user_name", "name")
    if not isinstance(name, str):
        return InputRequiredResult(
            input_requests={"user_name": form("What is your name?", name="string")}
        )
    return done(f"Hello, {name}!")


def test_input_required_result_sampling(ctx: Context) -> Round:
    """Ask the client's model; repeat what it says."""
    answer = (ctx.input_responses or {}).get("capital_question")
    if answer is None:
        question = sample("What is the capital of France?", 100)
        return InputRequiredResult(input_requests={"capital_question": question})
    return done(f"LLM response: {getattr(getattr(answer, 'content', None), 'text', '')}")


def test_input_required_result_list_roots(ctx: Context) -> Round:
    """Ask for the roots; list them."""
    answer = (ctx.input_responses or {}).get("client_roots")
    if answer is None:
        return InputRequiredResult(input_requests={"client_roots": ListRootsRequest()})
    roots = [str(root.uri) for root in getattr(answer, "roots", [])]
    return done(f"Roots: {', '.join(roots)}")


def test_input_required_result_request_state(ctx: Context) -> Round:
    """Ask, with a state; check that the state comes back."""
    if not answered(ctx, "confirm") or ctx.request_state != "confirming":
        return InputRequiredResult(
            input_requests={"confirm": form("Please confirm", ok="boolean")},
            request_state="confirming",
        )
    return done("state-ok")


def test_input_required_result_tampered_state(ctx: Context) -> Round:
    """Ask, with a state. The SDK seals it, and refuses one that was altered."""
    return test_input_required_result_request_state(ctx)


def test_input_required_result_multiple_inputs(ctx: Context) -> Round:
    """Ask for three things at once."""
    if not all(answered(ctx, key) for key in ("user_name", "greeting", "client_roots")):
        return InputRequiredResult(
            input_requests={
                "user_name": form("What is your name?", name="string"),
                "greeting": sample("Generate a greeting", 50),
                "client_roots": ListRootsRequest(),
            },
            request_state="three",
        )
    return done("All three were answered.")


def test_input_required_result_multi_round(ctx: Context) -> Round:
    """Ask twice; the state says what was asked last."""
    if ctx.request_state == "step2" and answered(ctx, "step2"):
        return done("Both steps were answered.")
    if ctx.request_state == "step1" and answered(ctx, "step1"):
        return InputRequiredResult(
            input_requests={"step2": form("Step 2: What is your favorite color?", color="string")},
            request_state="step2",
        )
    return InputRequiredResult(
        input_requests={"step1": form("Step 1: What is your name?", name="string")},
        request_state="step1",
    )


def test_input_required_result_capabilities(ctx: Context) -> Round:
    """Ask only for what the client declared."""
    declared = ctx.client_capabilities or ClientCapabilities()
    offered: dict[str, tuple[object, Callable[[], object]]] = {
        "question": (declared.sampling, lambda: sample("Say something", 50)),
        "form": (declared.elicitation, lambda: form("What is your name?", name="string")),
    }
    if any(answered(ctx, key) for key in offered):
        return done("An answer came.")
    asked = {key: make() for key, (able, make) in offered.items() if able is not None}
    return InputRequiredResult.model_validate({"input_requests": asked})


def test_input_required_result_prompt(ctx: Context) -> InputRequiredResult | str:
    """A prompt that asks for its context."""
    context = filled(ctx, "user_context", "context")
    if context is None:
        question = form("What context should the prompt use?", context="string")
        return InputRequiredResult(input_requests={"user_context": question})
    return f"Use this context: {context}"


def test_missing_capability(ctx: Context) -> CallToolResult:
    """Needs a client that can sample."""
    declared = ctx.client_capabilities
    if declared is None or declared.sampling is None:
        needed = MissingRequiredClientCapabilityErrorData(
            required_capabilities=ClientCapabilities(sampling=SamplingCapability())
        )
        raise MCPError(
            code=MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="This tool needs a client that can sample.",
            data=needed.model_dump(by_alias=True, mode="json", exclude_none=True),
        )
    return done("The client can sample.")


async def test_streaming_elicitation(ctx: Context) -> Round:
    """Report progress, then ask: nothing but a result may ask."""
    await ctx.report_progress(50, 100)
    return test_input_required_result_elicitation(ctx)


async def test_logging_tool(ctx: Context) -> CallToolResult:
    """Log an entry, which reaches only a client that asked for it."""
    await ctx.info("An entry of the log.")
    return done("One entry was logged.")


async def test_trigger_tool_change(ctx: Context) -> CallToolResult:
    """Say that the list of tools changed."""
    await ctx.notify_tools_changed()
    return done("The listeners were told.")


async def test_trigger_prompt_change(ctx: Context) -> CallToolResult:
    """Say that the list of prompts changed."""
    await ctx.notify_prompts_changed()
    return done("The listeners were told.")
