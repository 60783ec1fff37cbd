"""Finding records."""

from typing import Self

from pith_agent.errors.root import PithError


class LookupFailedError(PithError):
    """Every source answered, and no single record came of it."""

    code = "lookup-failed"


class NotFoundError(LookupFailedError):
    """Every source that was asked answered that it has no such record."""

    code = "not-found"
    hint = "Check the identifier: a paper may exist without a Pith Number."


class AmbiguousError(LookupFailedError):
    """Several records share the short form."""

    code = "ambiguous"
    hint = "Use one of the full Pith Numbers listed."

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class UnreachableError(PithError):
    """A source did not answer, so nothing is known."""

    code = "unreachable"
    hint = "Try again later; this says nothing about the paper."
    silent: bool = False
    """Whether the source took the question, and said nothing until the time was over."""

    @classmethod
    def of_silence(cls, host: str) -> Self:
        """The error for a host that was waited for in vain."""
        error = cls(f"{host} did not answer in time.")
        error.silent = True
        return error


class OfflineError(UnreachableError):
    """The record is not in the local store and the network is switched off."""

    code = "offline"
    hint = "Allow the network, or add the record with 'pith-agent mirror add'."


class UnlockedError(UnreachableError):
    """The paper is cited, and the lock does not hold it: nothing was checked."""

    code = "unlocked"
    hint = "Add it with 'python -m sphinx_pith lock', and commit the lock."


class RateLimitedError(UnreachableError):
    """The registry asked for fewer requests."""

    code = "rate-limited"
    hint = "Wait as long as stated, then ask again; this says nothing about the paper."


class ResponseError(UnreachableError):
    """The registry's answer cannot be used."""

    code = "bad-response"
    hint = "Ask another mirror, or try again later; this says nothing about the paper."


class UnsafeRedirectError(UnreachableError):
    """The answer leads to an address that may not be asked."""

    code = "unsafe-address"
    hint = "Use the registry's own address, and list mirrors in PITH_REGISTRY."
