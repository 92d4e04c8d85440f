import re
import tomllib

from tests.support.checkout import CHECKOUT


def declared() -> set[str]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    names = (re.match(r"[\w.-]+", requirement) for group in groups for requirement in group)
    return {name[0] for name in names if name}


def explained() -> set[str]:
    page = (CHECKOUT / "docs" / "adr" / "0001-dependencies.md").read_text()
    cells = re.findall(r"^\| ([\w., -]+) \|", page, re.MULTILINE)
    return {name.strip() for cell in cells for name in cell.split(",")} - {"package", "---"}


def test_every_dependency_has_its_reason_licence_and_maintainer_on_record() -> None:
    assert explained() == declared()


def test_what_builds_the_image_is_pinned_as_everywhere_else() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(
                r"^[\w.-]+==\S+", (CHECKOUT / "requirements" / name).read_text(), re.MULTILINE
            )
        )

    assert pins("build.lock") <= pins("dev.lock")
