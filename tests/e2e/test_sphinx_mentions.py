"""What a build mentions of a citation that is verified all the same."""

from pathlib import Path

from tests.documents import SUFFIX
from tests.e2e.roots.project import Project


def test_a_year_that_is_not_the_records_is_a_warning_and_fails_a_build_with_w(
    tmp_path: Path,
) -> None:
    project = Project.citing(tmp_path, f"pith:2023:{SUFFIX}")

    built = project.build()
    strict = project.build("-W")

    assert built.status == 0
    assert "[pith.year-hint]" in built.log
    assert len(built.links()) == 1
    assert strict.status == 1
