"""Whether something that was shown holds a secret, however it is spelled."""

import base64
import traceback


def spellings(secret: bytes) -> set[str]:
    """The ways in which bytes come to be shown: raw, as `repr`, in hex, in base64."""
    text = base64.b64encode(secret).decode("ascii")
    return {
        secret.decode("latin-1"),
        repr(secret)[2:-1],
        secret.hex(),
        secret.hex().upper(),
        text.rstrip("="),
        base64.urlsafe_b64encode(secret).decode("ascii").rstrip("="),
    }


def shows(text: str, *secrets: bytes) -> list[str]:
    """The spellings of the secrets that `text` holds."""
    return [one for secret in secrets for one in spellings(secret) if one in text]


def told(error: BaseException) -> str:
    """A traceback with the local variables of every frame that is not a test's own."""
    found = []
    seen: BaseException | None = error
    while seen is not None:
        summary = traceback.TracebackException.from_exception(seen, capture_locals=True)
        found += [f"{frame.name} {frame.locals}" for frame in summary.stack if ours(frame.filename)]
        found.append(repr(seen))
        seen = seen.__cause__ or seen.__context__
    return "\n".join(found)


def ours(filename: str) -> bool:
    return "tests" not in filename.split("/") and "_pytest" not in filename
