"""Every finding of the threat model is held by a test that exists."""

import ast
import re

from tests.support.checkout import CHECKOUT

PAGE = CHECKOUT / "docs/explanation/threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_each_test_that_the_threat_model_names_exists() -> None:
    missing = [
        f"{path}::{name}"
        for path, name in NAMED.findall(PAGE.read_text())
        if not (CHECKOUT / path).exists() or name not in _functions((CHECKOUT / path).read_text())
    ]

    assert missing == []


def test_no_finding_is_without_a_test() -> None:
    findings = PAGE.read_text().partition("## Findings")[2].partition("## What is left")[0]
    rows = [line for line in findings.splitlines() if line.startswith("| ")][1:]

    assert len(rows) > 20
    assert [row for row in rows if not row.startswith("| ---") and not NAMED.search(row)] == []


def _functions(source: str) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)}
