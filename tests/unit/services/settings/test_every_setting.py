"""Every setting: read alike from the file and the environment, or refused by its name."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from services.settings import loader
from services.settings.loader import SettingsError
from services.settings.settings import Settings
from services.settings.variables import CONFIG_VARIABLE, PREFIX

FIELDS = Settings.model_fields
FOLDERS = ("models_dir", "appeal_notices_dir", "warning_templates_dir")
PLAIN_PATHS = (
    *("data_dir", "decision_log_dir", "decision_log_watched", "audit_dir", "audit_key_file"),
    *("audit_public_keys_file", "warning_drop_dir", "decision_log_warehouse_dir"),
)
"""Paths that need not exist."""
WORDS = st.text("abcXYZ019-._/", min_size=1, max_size=8)


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Run with these variables of ours, and no others."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "given.pem").write_text("")
    return folder


def from_file(folder: Path, table: Mapping[str, object]) -> Settings:
    file = folder / "fanzha.toml"
    file.write_text("".join(f"{json.dumps(name)} = {toml(table[name])}\n" for name in table))
    with environment(**{CONFIG_VARIABLE: str(file)}):
        return loader.load()


def from_environment(table: Mapping[str, object]) -> Settings:
    with environment(**{PREFIX + name.upper(): str(value) for name, value in table.items()}):
        return loader.load()


def toml(value: object) -> str:
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items())
        return f"{{{pairs}}}"
    # Of the other types, JSON is TOML.
    return json.dumps(value, ensure_ascii=False)


@cache
def core(name: str) -> Any:
    """Return the type of a setting, without None and bounds."""
    kind = FIELDS[name].annotation
    if get_origin(kind) not in {None, Literal}:
        (kind,) = {one for one in get_args(kind) if one is not type(None)}
    return get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def bounds(field: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in [*field.metadata, *getattr(inner(field), "__metadata__", ())]:
        for part in getattr(one, "metadata", [one]):
            for bound in ("ge", "gt", "le", "lt", "pattern", "min_length", "max_length"):
                if getattr(part, bound, None) is not None:
                    found[bound] = getattr(part, bound)
    return found


def inner(field: FieldInfo) -> Any:
    return next((one for one in get_args(field.annotation) if hasattr(one, "__metadata__")), None)


def valid(name: str, folder: Path) -> st.SearchStrategy[Any]:
    kind, limits = core(name), bounds(FIELDS[name])
    of_their_own = {
        **dict.fromkeys(FOLDERS, st.just(folder)),
        "activity_slots": st.integers(10, 28).map(lambda bits: 2**bits),
        "redis_url": st.integers(1, 65535).map(lambda port: f"redis://store.example:{port}/1"),
    }
    of_types: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        Path: lambda: WORDS.map(Path) if name in PLAIN_PATHS else st.just(folder / "given.pem"),
        bool: st.booleans,
        int: lambda: st.integers(limits.get("ge", 0), limits.get("le", 10**12)),
        float: lambda: st.floats(
            limits.get("ge", limits.get("gt", 0)),
            limits.get("le", 10**6),
            exclude_min="gt" in limits,
        ),
        str: lambda: valid_texts(limits),
    }
    if name in of_their_own:
        return of_their_own[name]
    return st.sampled_from(get_args(kind)) if kind not in of_types else of_types[kind]()


def valid_texts(limits: Mapping[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" not in limits:
        return st.text("abcXYZ019-._/", min_size=1, max_size=min(limits.get("max_length", 8), 8))
    # pydantic's $ is the end of the text, Python's may also stand before a last line feed.
    exact = limits["pattern"].replace(r"\S", "[a-z.]").replace(r"[^\s/]", "[a-z.]")
    exact = exact.replace("$", r"\Z")
    return st.from_regex(exact, alphabet=st.characters(max_codepoint=126))


def wrong(name: str) -> st.SearchStrategy[object]:
    """Return values of a type that a setting does not have."""
    containers: list[object] = [[], [1], ["1"], {}, {"a": 1}]
    kind = core(name)
    if kind in {int, float}:
        return st.sampled_from([*containers, True, False, "many", "0x"])
    if kind is bool:
        return st.sampled_from([*containers, 2, -1, 0.5, "maybe"])
    return st.sampled_from([*containers, True, False, 0, 7, -1.5])


def beyond(name: str) -> list[float]:
    """Return numbers outside the bounds of a setting; none where it has none."""
    if name == "activity_slots":
        return [1023, 1025, 2**29]
    limits, kind = bounds(FIELDS[name]), core(name)
    if kind not in {int, float}:
        return []
    low, high = limits.get("ge", limits.get("gt")), limits.get("le")
    found = [low - 1] if low is not None else []
    found += [high + 1] if high is not None else []
    return found + ([float("inf"), float("nan")] if high is not None and kind is float else [])


# A load of all settings costs 20 ms, so that each example has all of them.
FEW = settings(max_examples=8)


@given(st.data())
@FEW
def test_all_settings_are_read_alike_from_the_file_and_from_the_environment(
    folder: Path, data: st.DataObject
) -> None:
    table = {name: data.draw(valid(name, folder), name) for name in FIELDS}
    # An empty variable is one that is not set; no two ports are the same.
    table = {name: value for name, value in table.items() if value != ""}
    ports = [name for name in FIELDS if name.endswith("_port")]
    table |= {name: 7000 + place for place, name in enumerate(ports)}

    for loaded in (from_file(folder, table), from_environment(table)):
        assert {name: getattr(loaded, name) for name in table} == table


@given(st.data())
@FEW
def test_values_of_another_type_are_refused_each_by_its_name(
    folder: Path, data: st.DataObject
) -> None:
    table = {name: data.draw(wrong(name), name) for name in FIELDS}

    assert refused_names(lambda: from_file(folder, table)) == set(FIELDS)


@given(st.data())
@FEW
def test_values_beyond_their_bounds_are_refused_each_by_its_name(data: st.DataObject) -> None:
    names = [name for name in FIELDS if beyond(name)]
    table = {name: data.draw(st.sampled_from(beyond(name)), name) for name in names}

    assert refused_names(lambda: from_environment(table)) == set(names)


def refused_names(load: Callable[[], Settings]) -> set[str]:
    with pytest.raises(SettingsError) as refused:
        load()
    lines = str(refused.value).split("\n  ")[1:]
    assert all(re.match(r"(\w+) \(FANZHA_\w+\): ", line) for line in lines), lines
    return {line.partition(" ")[0] for line in lines}


@given(st.sets(st.text("abcdeIJKLtuvwxyz_ABC-.é 0", min_size=1, max_size=24), min_size=1))
@example({"LISTEN_PORT", "Listen_Port", "workers ", "worker"})
@FEW
def test_unknown_keys_are_refused_by_their_names(folder: Path, names: set[str]) -> None:
    names -= set(FIELDS)
    assume(names)

    with pytest.raises(SettingsError) as refused:
        from_file(folder, dict.fromkeys(names, 1))

    for name in names:
        assert f"\n  {name}: unknown" in str(refused.value)


@given(st.sets(st.text("abcdefghijklmnopqrstuvwxyz_0", min_size=1, max_size=24), min_size=1))
@FEW
def test_unknown_variables_are_refused_by_their_names(names: set[str]) -> None:
    # What Kubernetes sets, and what others of ours read, is no setting.
    others = "port|service|target|token|tls|config|worker_name"
    names = {name for name in names - set(FIELDS) if not re.search(others, name)}
    assume(names)

    with pytest.raises(SettingsError) as refused:
        from_environment(dict.fromkeys(names, 1))

    for name in names:
        assert f"\n  {PREFIX}{name.upper()}: unknown" in str(refused.value)


@given(st.binary(max_size=60))
@example(b"a = " + b"[" * 3000 + b"]" * 3000)
@example(b"\xff")
@example(b"listen_port = 0x1f\nworkers = +1\n")
@settings(max_examples=25)
def test_any_file_is_read_or_refused_as_a_fault(folder: Path, content: bytes) -> None:
    file = folder / "any.toml"
    file.write_bytes(content)
    with environment(**{CONFIG_VARIABLE: str(file)}), suppress(SettingsError):
        loader.load()
