"""Command lines of ``fanzha`` that a careless or hostile caller could type, from one seed.

Each names a real command, mostly with its real options, and gives these values that fit, or that
have the wrong type, are huge, empty or no UTF-8, or are files that are missing, folders, damaged
or unreadable. A few options and commands do not exist. Environments get odd variables likewise. No
line holds a NUL, which no process can be given: files hold them.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from services.__main__ import COMMANDS, app
from services.settings.settings import Settings

ENDLESS = frozenset({"up", "serve", "admin", "warn", "worker"})
"""Commands that run servers: always given a setting or option that is wrong."""
_LENGTHY = frozenset({"train", "eval"})
"""Take minutes when a line happens to be right: only asked for help, or with wrong options."""
_LEFT_OUT = frozenset({"bench"})
"""Of a checkout only, and slow to import."""
_FILES = {
    "empty.csv": b"",
    "list.csv": b"pattern,kind,action\nbad.example,link,block\n+861700000\xff,number,block\n",
    "nul.txt": b"\0\0a.example\0\n" * 20,
    "latin.tsv": b"caller\tcallee\n\xe9\xff\t\xfe\n",
    "rows.jsonl": b'{"a": 1}\n[]\n{"caller": 5, "attempted_at_ms": "x"}\n',
    "deep.json": b"[" * 100_000,
    "ok.json": b'{"kind": "number"}',
    "bad.toml": b"= [[[",
    "settings.toml": b"workers = 'many'\nunknown = 1\n",
    "rules.toml": b"[[rule]]\nif = 3\n",
    "not.zip": b"PK\x03\x04nothing",
    "not.gz.csv.gz": b"\x1f\x8bnothing",
    "not.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n",
    "model.onnx": b"\x08\x01",
    "token": b"a\r\nb\x00\xff",
    "audit-2026-11.jsonl": b'{"sequence": 1}\nnothing\n',
    "not.parquet": b"PAR1PAR1",
    "not.xlsx": b"PK\x05\x06" + b"\0" * 18,
}
_PATHS = (
    *(*_FILES, "missing.csv", "missing/below.csv", ".", "folder", "folder.csv", "dangling.csv"),
    *("locked.csv", "list.csv/below", "-", "", "caf\udce9.csv", "例.csv", "x" * 300, "a b\x1b[2J"),
    *("out.csv", "out.zip", "new/out.json"),
)
_WORDS = (
    *("", " ", "-", "--", "foo", "0", "-1", "1", "42", "nan", "inf", "-inf", "1e400", "0x10"),
    *("9" * 30, "-" + "9" * 30, str(2**31), str(2**63), str(2**64), "1.5", "١٢٣", "²", "1_000"),
    *("+8617000000001", "+86170*", "10086", "bad.example", "http://bad.example/x?y=1", "http://["),
    *("http://a.example:99999/", "not a url", "例.中国", "e\u0301", "\u202egnp"),
    *("\x1b[31mred\x1b[0m",),
    *("caf\udce9", "\udcff\udcfe", "a\nb", "a\tb", "\r\n", "\x7f", "😀" * 50, "x" * 5000, "ﷺ"),
    *("[bold]", "[/]", "{name}", "{0}", "%s", "%(a)s"),
    *("$HOME", "a=b", "=", "a,b,,", "*", "?", "[", "("),
    *("number:+8617000000001", "change:12", "true", "True", "null", "[]", "{}", '{"a":', "a:b:c"),
    *("24h", "7d", "999999w", "0s", "2026-11-25", "2026-11-25T08:30", "2026-11-25T08:30+08:00"),
    *("0001-01-01", "0001-01-01T00:00+14:00"),
    *("9999-12-31T23:59:59-12:00", "2026-13-45", "2026-W01"),
    *("1..5", "5..1", "1-", "zh", "en", "xx", "block", "allow", "enforce", "shadow", "number"),
    *("link", "sms", "call", "text", "fake_loan", "虚假贷款", "csv", "json", "stix", "manual"),
    *("high", "open", "closed", "day", "hour", "310000", "00", "Asia/Shanghai", "latest", "v1"),
)  # fmt: skip
_NUMBERS = (
    *("0", "1", "2", "10", "-1", "x", "", "9" * 30, str(2**31), str(2**63 - 1), str(2**64)),
    *("1.5", "nan", "inf", "-inf", "1e400", "1e-300", "0.5", "²", "١", "1_0", " 3 ", "\udce9"),
)
_TARGETS = (
    *("127.0.0.1:1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x", "[::1]:1"),
    *("[::1", "127.0.0.1", "", ":", ":1", "http://127.0.0.1:1/x", "unix:/nowhere", "unix:"),
    *("dns:///127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1", "127.0.0.1:1:1"),
    *("\udce9:1", "例:1", "127.0.0.1:²", "127.0.0.1:" + "9" * 30, " ", "%s:1", "a\nb:1"),
)
_URLS = (
    *("", "redis://", "redis://127.0.0.1:x", "redis://127.0.0.1:99999/0", "http://127.0.0.1:1"),
    *("redis://127.0.0.1:1/0", "redis://127.0.0.1:1/x", "redis://[::1", "unix:///nowhere", "例"),
    *("rediss://127.0.0.1:1", "redis://a:b@127.0.0.1:1?db=x", "\udce9", "redis://127.0.0.1:-1"),
)
_ODD = (
    *(("COLUMNS", "x"), ("COLUMNS", "0"), ("COLUMNS", "1"), ("COLUMNS", "-5"), ("LINES", "x")),
    *(("LANG", "xx_YY"), ("LANG", "zh_TW.Big5"), ("LC_ALL", "zh_CN.UTF-8"), ("LC_ALL", "\udce9")),
    *(("TZ", "nowhere"), ("TZ", ""), ("TERM", "dumb"), ("TERM", ""), ("FORCE_COLOR", "1")),
    *(("PYTHONIOENCODING", "x"), ("XDG_CONFIG_HOME", "list.csv"), ("XDG_CONFIG_HOME", "\udce9")),
    *(("HOME", ""), ("HOME", "missing"), ("USER", "\udce9")),
    *(("LOGNAME", "\x1b[2J"), ("NO_COLOR", "")),
    *(("FANZHA_LANGUAGE", "zh"), ("FANZHA_LANGUAGE", "xx"), ("FANZHA_PROFILE", "missing")),
    *(("FANZHA_PROFILE", "\udce9"), ("FANZHA_UNKNOWN", "1")),
    *(("FANZHA_", "1"), ("fanzha_workers", "x")),
    *(("FANZHA_TOKEN", "a\nb"), ("FANZHA_TOKEN", "\udce9")),
    *(("FANZHA_TOKEN", "例"), ("FANZHA_TOKEN", "")),
    *(("FANZHA_TOKEN_FILE", "token"), ("FANZHA_TOKEN_FILE", "missing"), ("FANZHA_TOKEN_FILE", ".")),
    *(("FANZHA_TLS_CA", "not.pem"), ("FANZHA_TLS_CA", "system"), ("FANZHA_TLS_CA", "folder")),
    *(("FANZHA_TLS_CLIENT_KEY", "not.pem"), ("FANZHA_TLS_CLIENT_CERTIFICATE", "missing")),
)  # fmt: skip
_SETTINGS = tuple(f"FANZHA_{name.upper()}" for name in Settings.model_fields)
_ODD_SETTINGS = ("x", "-1", "", "9" * 30, "nan", "[]", "{", "\udce9", "例", "folder", "missing/a")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """Arguments, and the variables that are added to a clean environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    def __str__(self) -> str:
        return json.dumps([self.arguments, dict(self.environment)])


def write_files(folder: Path) -> None:
    """Write the files that command lines name, into *folder*, where they have to be run."""
    for name, content in _FILES.items():
        (folder / name).write_bytes(content)
    for name in ("folder", "folder.csv"):
        (folder / name).mkdir()
    (folder / "folder" / "audit-2026-11.jsonl").write_bytes(_FILES["audit-2026-11.jsonl"])
    (folder / "dangling.csv").symlink_to("nowhere")
    (folder / "locked.csv").write_bytes(b"a\n")
    (folder / "locked.csv").chmod(0)


def command_lines(seed: int, count: int) -> Iterator[CommandLine]:
    """Yield *count* command lines; the same for the same seed and the same commands."""
    chance = random.Random(seed)
    commands = _commands()
    for _ in range(count):
        path, parameters = chance.choice(commands)
        yield CommandLine(
            arguments=tuple(_arguments(chance, path, parameters)),
            environment=_environment(chance, path[0]),
        )


def every_command() -> list[tuple[tuple[str, ...], list[Any]]]:
    """Return the path and the parameters of each command that is no group."""
    found = _commands()
    groups = {path[:length] for path, _ in found for length in range(1, len(path))}
    return [(path, parameters) for path, parameters in found if path not in groups]


def _commands() -> list[tuple[tuple[str, ...], list[Any]]]:
    group: Any = get_command(app)
    context = typer.Context(group)
    found: list[tuple[tuple[str, ...], list[Any]]] = []
    for name in sorted(COMMANDS.keys() - _LEFT_OUT):
        found += _within(group.get_command(context, name), context, (name,))
    return found


def _within(
    command: Any, parent: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    yield path, command.params
    if isinstance(command, TyperGroup):
        context = typer.Context(command, parent=parent)
        for name in command.commands:
            yield from _within(command.get_command(context, name), context, (*path, name))


def _arguments(chance: random.Random, path: tuple[str, ...], parameters: list[Any]) -> list[str]:
    begins = _global_options(chance) if chance.random() < 0.1 else []
    line = [*begins, *path]
    few = chance.random() < 0.6
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            times = chance.choice((1, 1, 1, 1, 1, 1, 0, 2))
            line += [_value(chance, parameter) for _ in range(times)]
        elif chance.random() < (0.9 if parameter.required else 0.12 if few else 0.4):
            line += _option(chance, parameter)
    if path[0] in _LENGTHY | ENDLESS:
        line.append(chance.choice(("--nonsense", "--help", "surplus\udce9", "--=", "-\udce9")))
    elif chance.random() < 0.06:
        line.insert(
            chance.randrange(len(line) + 1),
            chance.choice((*_WORDS, "--nonsense", "--help", "-h", "--=x", "-\udce9", "--json=1")),
        )
    return line


def _global_options(chance: random.Random) -> list[str]:
    option = chance.choice(
        ("--language", "--server", "--profile", "--token", "--token-file", "--tls-ca", "--tls-cert")
    )
    if option == "--server":
        return [option, chance.choice(_TARGETS)]
    return [option, chance.choice(("zh", *_PATHS, *_WORDS))]


def _option(chance: random.Random, parameter: Any) -> list[str]:
    name = chance.choice(parameter.opts)
    if parameter.is_flag:
        return [name]
    value = _value(chance, parameter)
    return [f"{name}={value}"] if name.startswith("--") and chance.random() < 0.3 else [name, value]


def _value(chance: random.Random, parameter: Any) -> str:
    if "--target" in parameter.opts or "--server" in parameter.opts:
        return chance.choice(_TARGETS)
    kind = str(parameter.type_descriptor.annotation)
    if "Path" in kind:
        return chance.choice(_PATHS)
    if ("int" in kind or "float" in kind) and chance.random() < 0.9:
        # Mostly few, that the others of the line are read at all.
        return chance.choice(_NUMBERS if chance.random() < 0.5 else ("1", "2", "10"))
    return chance.choice(_PATHS if chance.random() < 0.15 else _WORDS)


def _environment(chance: random.Random, command: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if chance.random() < 0.25:
        found.update([chance.choice(_ODD)])
    if chance.random() < 0.06:
        name = chance.choice(("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WARNING_TARGET"))
        found[name] = chance.choice(_TARGETS)
    if chance.random() < 0.06:
        found["FANZHA_REDIS_URL"] = chance.choice(_URLS)
    if command in ENDLESS or chance.random() < 0.06:
        found[chance.choice(_SETTINGS)] = chance.choice(_ODD_SETTINGS)
    return found
