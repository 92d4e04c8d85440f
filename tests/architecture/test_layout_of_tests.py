"""Tests mirror the tree: whoever changes a module finds its tests without a search."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.checkout import CHECKOUT

TESTS = CHECKOUT / "tests"
UNIT = TESTS / "unit"
ELSEWHERE = {
    "examples/test_client_build.py": "reads a script that builds clients",
    "examples/test_examples.py": "the examples are tables of traffic",
    "examples/test_integrate.py": "the examples are in five languages",
    "examples/test_kamailio_configuration.py": "the example is a configuration",
    "examples/test_list_examples.py": "the examples are list files",
    "services/audit/test_page.py": "the subject is a page of the documentation",
    "services/cli/test_common_options.py": "asks the application, which loads commands by name",
    "services/decision/test_guard.py": "asks a pipeline that tests.support.builders makes",
    "services/decision_log/impact/test_impact_agrees.py": "by tests.support.decision_logs",
    "services/processes/test_private_files.py": "writers of many folders, under one umask",
}
"""Unit tests that import nothing of the folder that they mirror, and why."""


def _tests(folder: Path) -> Iterator[Path]:
    return folder.rglob("test_*.py")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_folder_of_unit_tests_has_the_name_of_a_folder_of_the_tree() -> None:
    folders = {file.parent.relative_to(UNIT) for file in _tests(UNIT)}

    assert [folder for folder in folders if not (CHECKOUT / folder).is_dir()] == []


def test_a_unit_test_imports_from_the_folder_that_it_mirrors() -> None:
    elsewhere = []
    for file in _tests(UNIT):
        package = ".".join(file.parent.relative_to(UNIT).parts)
        if not any(f"{name}.".startswith(f"{package}.") for name in _imported(file)):
            elsewhere.append(file.relative_to(UNIT).as_posix())

    assert sorted(elsewhere) == sorted(ELSEWHERE)


def test_integration_tests_lie_in_a_folder_per_subject() -> None:
    assert [file.name for file in (TESTS / "integration").glob("test_*.py")] == []


def test_what_tests_share_lies_in_one_place() -> None:
    files = set(TESTS.rglob("*.py")) - set(TESTS.glob("support/**/*.py")) - set(_tests(TESTS))

    assert {file.name for file in files} == {"conftest.py"}
