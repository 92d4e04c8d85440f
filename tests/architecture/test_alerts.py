"""Alerts and dashboards ask for metrics that exist, and every alert says what to do."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program
from tests.support.processes import PATIENCE_SECONDS
from tools.reference import metrics

RULES = CHECKOUT / "deploy/prometheus/fanzha.rules.yml"
DASHBOARD = CHECKOUT / "deploy/grafana/fanzha.json"
RUNBOOK = CHECKOUT / "docs/how-to/alerts.md"
CASES = sorted((CHECKOUT / "tests/cases").glob("alerts*.yml"))
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}
SELECTED = re.compile(r"(fanzha_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
LABEL = re.compile(r"(\w+)\s*(?:=~|!=|=)")
OF_PROMETHEUS = {"instance", "job", "le"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@cache
def labels_by_series() -> dict[str, set[str]]:
    """Return the labels of each series that a process serves, by its name in Prometheus."""
    found: dict[str, set[str]] = {}
    for declared in (one for page in metrics.by_port().values() for one in page):
        for suffix in SUFFIXES[declared.kind]:
            found.setdefault(declared.name + suffix, set()).update(declared.labels, ["worker"])
    return found


@pytest.mark.parametrize(("name", "expression"), [*expressions()], ids=lambda one: one[:40])
def test_an_expression_asks_for_series_and_labels_that_exist(name: str, expression: str) -> None:
    served = labels_by_series()
    asked = SELECTED.findall(expression)
    known = set().union(*(served.get(series, set()) for series, _ in asked)) | OF_PROMETHEUS

    assert [series for series, _ in asked if series not in served] == []
    for series, selector in asked:
        assert set(LABEL.findall(selector)) <= served[series] | OF_PROMETHEUS
    if asked:
        grouped = {
            label.strip() for labels in GROUPED.findall(expression) for label in labels.split(",")
        }
        assert grouped <= known


def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert() -> None:
    sections = re.findall(r"^### (Fanzha\w+)$", RUNBOOK.read_text(), re.MULTILINE)

    assert sorted(sections) == sorted(alert["alert"] for alert in alerts())


def test_every_alert_pages_or_files_a_ticket_and_says_what_is_wrong() -> None:
    severities = {alert["labels"]["severity"] for alert in alerts()}

    assert severities == {"page", "ticket"}
    assert [alert["alert"] for alert in alerts() if not alert["annotations"]["summary"]] == []


def test_a_label_that_a_summary_names_is_in_the_result() -> None:
    for alert in alerts():
        named = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        grouped = {
            label.strip()
            for labels in GROUPED.findall(alert["expr"])
            for label in labels.split(",")
        }
        served = set().union(
            *(
                labels_by_series().get(series, set())
                for series, _ in SELECTED.findall(alert["expr"])
            )
        )
        assert named <= (grouped or served | OF_PROMETHEUS), alert["alert"]


def test_prometheus_takes_the_rules_and_they_alert_when_they_should(tmp_path: Path) -> None:
    promtool = program("promtool", package="prometheus")
    for file in CASES:
        head = f"rule_files: [{json.dumps(str(RULES))}]\n"
        (tmp_path / file.name).write_text(head + file.read_text())

    for arguments in (["check", "rules", str(RULES)],
                      *(["test", "rules", str(tmp_path / file.name)] for file in CASES),
                      ["check", "config", str(RULES.with_name("prometheus.yml"))]):  # fmt: skip
        done = subprocess.run(
            [promtool, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_has_no_panel_twice_and_none_upon_another() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]

    assert len({one["id"] for one in panels}) == len(set(places)) == len(panels)
    assert len({one["title"] for one in panels}) == len(panels)
