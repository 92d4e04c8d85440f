"""Users of the client import from `fanzha.client`; its other modules are private."""

import ast
from collections.abc import Iterator
from pathlib import Path

import fanzha.client
from tests.support.checkout import CHECKOUT

CLIENT = CHECKOUT / "fanzha" / "client"
OWN_TESTS = CHECKOUT / "tests" / "unit" / "fanzha" / "client"
PUBLIC = {"__init__", "channels", "login"}
"""`channels` opens a channel for stubs of one's own; `login` names the variables of a login."""
FOLDERS = (
    "benchmarks", "blocklists", "classifiers", "examples", "fanzha", "infra", "integrations",
    "services", "tests", "tools",
)  # fmt: skip


def users() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (CHECKOUT / folder).rglob("*.py"):
            if not path.is_relative_to(CLIENT) and not path.is_relative_to(OWN_TESTS):
                yield path


def private_imports(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if "fanzha.client" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("fanzha.client._"))


def test_all_modules_but_the_public_ones_are_private() -> None:
    names = {path.stem for path in CLIENT.glob("*.py")}

    assert {name for name in names if not name.startswith("_")} | {"__init__"} == PUBLIC


def test_nobody_else_imports_a_private_module() -> None:
    found = {
        f"{path.relative_to(CHECKOUT).as_posix()}: {name}"
        for path in users()
        for name in private_imports(path)
    }

    assert sorted(found) == []


def test_the_public_names_say_that_they_are() -> None:
    assert sorted(fanzha.client.__all__) == fanzha.client.__all__
    assert all(hasattr(fanzha.client, name) for name in fanzha.client.__all__)
