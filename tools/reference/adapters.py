"""The page about adapters: their settings and metrics, from their code."""

from collections.abc import Iterator

from pydantic_core import PydanticUndefined

from integrations.__main__ import ADAPTERS, module_of
from integrations.common.adapter_metrics import AdapterMetrics
from integrations.common.settings import AdapterSettings
from tools.reference.markdown import cell, prose, table

_INTRODUCTION = """\
# Adapters

`fanzha-adapter NAME [--config FILE]` runs one. Settings come from the environment or, without
the prefix and in small letters, from the TOML file; the environment wins. Logins are those of
every client: `FANZHA_TOKEN_FILE`, `FANZHA_TLS_CA` and others ([identities](../how-to/identity.md)).
Written by `make reference`.
"""


def page() -> str:
    """Return the page."""
    lines = [_INTRODUCTION, "## Settings of every adapter", ""]
    lines += ["`…` is the prefix of the adapter.", ""]
    lines += _settings(AdapterSettings, "…", set())
    shared = set(AdapterSettings.model_fields)
    for name, (_, summary) in ADAPTERS.items():
        kind = module_of(name).SETTINGS
        prefix = str(kind.model_config.get("env_prefix", ""))
        lines += [f"## `{name}`", "", prose(summary), ""]
        lines += _settings(kind, prefix, shared)
    lines += ["## Metrics", "", "At `/metrics` of `metrics_listen`.", "", *_metrics()]
    return "\n".join(lines).rstrip() + "\n"


def _settings(kind: type[AdapterSettings], prefix: str, known: set[str]) -> list[str]:
    rows = []
    for name, field in kind.model_fields.items():
        changed = name not in known or field.default != AdapterSettings.model_fields[name].default
        if changed:
            default = "required" if field.default is PydanticUndefined else f"`{field.default}`"
            rows.append((f"`{prefix}{name.upper()}`", cell(default), cell(field.description or "")))
    return table(("variable", "default", "what it is"), rows)


def _metrics() -> Iterator[str]:
    families = AdapterMetrics("example").registry.collect()
    rows = [(f"`{one.name}`", one.type, cell(one.documentation)) for one in families]
    yield from table(("metric", "kind", "what it is"), rows)
