"""Ask the records whether what would be cited can be proved."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pith_agent import Client, Settings, error_class
from sphinx_pith.records import load_project


def statuses(targets: Iterable[str], records: Sequence[str], *, online: bool) -> dict[str, str]:
    """Target → `ok`, or the code for which its record does not verify.

    Args:
        records: Patterns of record files, relative to the current folder, as `pith_records` has
            them.
        online: Whether the registry may be asked.

    Raises:
        PithError: A setting or the store cannot be used, or a record file cannot be read.
    """
    if absolute := [pattern for pattern in records if Path(pattern).is_absolute()]:
        message = f"{absolute[0]!r} is absolute; patterns are relative to the current folder."
        raise error_class("invalid-setting")(message)
    project = load_project(Path(), records)
    if project.faults:
        place, error = project.faults[0]
        raise type(error)(f"{place}: {error.message}", hint=error.hint) from error
    settings = Settings.from_environment(offline=not online)
    wanted = sorted(set(targets))
    with Client(settings, records=project.files) as client:
        return {answer.target: answer.code for answer in client.verify(wanted)}
