"""The page of metrics: what each process serves to Prometheus, read from where it is declared.

Metrics of workers are the families of the metrics layout. All others are calls such as
``Counter("fanzha_…", "…", ["label"])`` in the source; reading it needs no running process.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import services
from services.telemetry import metrics_layout
from tools.reference.markdown import cell, prose, table

_SOURCE = Path(services.__file__).parent
_KINDS = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "CounterMetricFamily": "counter",
    "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram",
    "_gauge": "gauge",
}
_WORKERS, _WARNING, _ADMIN = "metrics_port", "warning_metrics_port", "admin_metrics_port"
_PORTS = {
    _WORKERS: "Workers and their parent",
    _ADMIN: "List administration",
    _WARNING: "The warning pipeline",
}
# The first prefix that fits says where a metric is; the rest belongs to list administration.
_PREFIXES = (
    ("fanzha_rpc_errors", (_WORKERS, _ADMIN, _WARNING)),
    ("fanzha_damaged_records", (_ADMIN, _WARNING)),
    ("fanzha_dead_letters", (_ADMIN, _WARNING)),
    ("fanzha_periodic_task_failures", (_ADMIN, _WARNING)),
    ("fanzha_decision_log_", (_WORKERS,)),
    ("fanzha_list_findings", (_WORKERS, _ADMIN)),
    ("fanzha_list_", (_WORKERS,)),
    ("fanzha_warning_outcomes", (_ADMIN,)),
    ("fanzha_warning_pending_backfills", (_ADMIN, _WARNING)),
    ("fanzha_warning_backfill_rows", (_ADMIN, _WARNING)),
    ("fanzha_warning_backfill_versions_lost", (_ADMIN, _WARNING)),
    ("fanzha_warning_", (_WARNING,)),
    ("fanzha_education_", (_WARNING,)),
    ("fanzha_source_", (_ADMIN, _WARNING)),
    ("", (_ADMIN,)),
)

_HEAD = """# Metrics

Made by `make reference` from the code. Three pages in the text format of Prometheus, on
`metrics_host`: one for workers and their parent (`metrics_port`), one for list administration
(`admin_metrics_port`), one for the warning pipeline (`warning_metrics_port`). Prometheus appends
`_total` to the name of a counter, and `_bucket`, `_sum` and `_count` to that of a histogram. A
gauge of a worker has the label `worker` as well.
"""


@dataclass(frozen=True, order=True, slots=True)
class Declared:
    """One metric as the code declares it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


def page() -> str:
    """Write the page."""
    lines = [_HEAD]
    ports = by_port()
    for port, title in _PORTS.items():
        rows = [
            (
                f"`{one.name}`",
                one.kind,
                ", ".join(f"`{name}`" for name in one.labels),
                cell(prose(one.text)),
            )
            for one in sorted(ports[port])
        ]
        lines += [
            f"## {title}",
            "",
            f"On `{port}`.",
            "",
            *table(("name", "type", "labels", "what"), rows),
        ]
    return "\n".join(lines).rstrip() + "\n"


def by_port() -> dict[str, set[Declared]]:
    """Return the metrics of each page, by the setting of its port."""
    ports: dict[str, set[Declared]] = {port: set() for port in _PORTS}
    for family in metrics_layout.FAMILIES:
        ports[_WORKERS].add(Declared(family.name, family.kind, family.labels, family.text))
    for one in in_source():
        for port in _where(one.name):
            if not any(other.name == one.name for other in ports[port]):
                ports[port].add(one)
    return ports


def in_source(folder: Path = _SOURCE) -> Iterator[Declared]:
    """Find the metrics that are declared by a call with a literal name."""
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if not any(f"{kind}(" in source for kind in _KINDS):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and (found := _declared(node)):
                yield found


def _declared(call: ast.Call) -> Declared | None:
    kind = _KINDS.get(call.func.id) if isinstance(call.func, ast.Name) else None
    match call.args:
        case _ if kind is None:
            return None
        case [ast.Constant(value=str(name)), ast.Constant(value=str(text)), *rest]:
            named = [one.value for one in call.keywords if one.arg in {"labels", "labelnames"}]
            labels = _texts(next(iter([*named, *rest]), None))
            return Declared(name.removesuffix("_total"), kind, labels, text)
    return None


def _texts(node: ast.expr | None) -> tuple[str, ...]:
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(str(one.value) for one in node.elts if isinstance(one, ast.Constant))
    return ()


def _where(name: str) -> tuple[str, ...]:
    return next(ports for prefix, ports in _PREFIXES if name.startswith(prefix))
