"""A function whose docstring cites."""


def distil(teacher: str) -> str:
    """Train a student.

    Args:
        teacher: A large model, as in :pith:cite:p:`2402.13116{sec. 2}`.

    Returns:
        The name of the student.
    """
    return f"student of {teacher}"
