"""A module after :pith:cite:t:`2402.13116`."""


def distil(teacher: str) -> str:
    """Distil a model.

    Args:
        teacher: As in :pith:cite:p:`2402.13116{p. 2}`.

    Returns:
        A student, as in :pith:`2402.13116`.

    Note:
        By the method of :pith:cite:t:`1706.00001`.
    """
    return teacher


class Student:
    """A student after :pith:cite:n:`2402.13116`.

    Attributes:
        size: Small, as in :pith:`1706.00002`.
    """
