"""Reads the settings of a process and says, in one message, everything that is wrong with them."""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.settings.settings import CONFIG_VARIABLE, OTHER_VARIABLES, PREFIX, Settings

# What Kubernetes sets in every pod beside a service called fanzha.
_KUBERNETES = re.compile(r"FANZHA_(\w+_)?(SERVICE_(HOST|PORT\w*)|PORT(_\d+_\w+)?)")
_KNOWN = {PREFIX + name.upper(): name for name in Settings.model_fields}
_PAGE_HEAD = f"""# Settings

Made by `make reference` from the code. A setting is an environment variable, or a line of the TOML
file that `{CONFIG_VARIABLE}` or `--config` names; the variable wins. All are checked together at
start: a process with a wrong setting names every fault and exits with status 2.

| line of the file | variable | default | what it is |
| --- | --- | --- | --- |
"""


class SettingsError(ValueError):
    """Settings are wrong; the message names every fault, a line each."""


def load(config: Path | None = None) -> Settings:
    """Read the settings; raise `SettingsError` naming every fault.

    *config* is put into the environment, so that the processes we start read it too.
    """
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.absolute())
    faults = [*_unknown_variables(os.environ), *_file_faults(os.environ.get(CONFIG_VARIABLE))]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        faults += map(_line, error.errors(include_url=False))
    if faults or settings is None:
        raise SettingsError("\n  ".join(("the settings are wrong:", *faults)))
    return settings


def free_ports() -> dict[str, str]:
    """Return the variables that let every server of ours listen on a port that is free."""
    return {
        PREFIX + name.upper(): "0"
        for name, field in Settings.model_fields.items()
        if name.endswith("_port") and field.default is not None
    }


def load_or_exit(config: Path | None = None) -> Settings:
    """Read the settings; with wrong ones, say so on standard error and end with status 2."""
    try:
        return load(config)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def page() -> str:
    """Write docs/reference/settings.md: ``python -m tools.reference``; a test holds it to this."""
    return _PAGE_HEAD + "".join(map(_row, Settings.model_fields))


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    default = "" if field.default_factory or field.default is None else f"`{field.default}`"
    return f"| `{name}` | `{PREFIX}{name.upper()}` | {default} | {field.description} |\n"


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environment):
        known = name in _KNOWN or name in {CONFIG_VARIABLE, *OTHER_VARIABLES}
        if name.startswith(PREFIX) and not known and not _KUBERNETES.fullmatch(name):
            yield f"{name}: unknown{_meant(name, list(_KNOWN))}"


def _file_faults(path: str | None) -> Iterator[str]:
    if not path:
        return
    try:
        tomllib.loads(Path(path).read_text())
    except OSError as error:
        yield f"{CONFIG_VARIABLE}: {path}: {error.strerror}"
    except ValueError as error:
        yield f"{CONFIG_VARIABLE}: {path}: no TOML: {error}"


def _line(fault: ErrorDetails) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    what = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        return f"{name}: unknown{_meant(name, list(Settings.model_fields))}"
    if not name:
        return what
    # A URL may hold a password.
    given = "" if name == "redis_url" else f", not {fault['input']!r}"
    return f"{name} ({PREFIX}{name.upper()}): {what[0].lower()}{what[1:]}{given}"


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"; {close[0]} was meant?" if close else ""


if __name__ == "__main__":
    sys.stdout.write(page())
