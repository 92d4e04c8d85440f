"""Reads the file of sources, and says of each all that is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocklists import region_codes
from blocklists.entries import Source
from blocklists.importers.files import ENCODINGS
from blocklists.importers.list_format import Format
from fanzha import toml_files
from fanzha.errors import FanzhaError, InvalidConfiguration
from fanzha.fraud import FraudType
from fanzha.translation.message import Message
from services.sources import addresses, secret_files
from services.sources.model import (
    AccessSecrets,
    AfterPull,
    Brings,
    Connector,
    DataSource,
    DropTerms,
    EntryTerms,
    PullLimits,
    QualityLimits,
    SourceFile,
)
from services.sources.reports import schemas
from services.sources.reports.rules import ReportRules
from services.sources.table_fields import TableFields

MOST_SOURCES = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
_KINDS = {one.name.lower(): one for one in Source}
_FRAUD_TYPES = {one.name.lower(): one for one in FraudType}
_HOST_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]{40,}={0,2}(?: .*)?")
_SHORTEST_SECONDS = 10.0
_MOST_BYTES = 4 * 2**30
_MOST_ROWS = 10_000_000
_MOST_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProblem:
    """Something wrong in the file of sources."""

    source: str
    """Its name; empty: the file itself."""
    why: Message


def load(path: Path) -> SourceFile:
    """Read a file that has no problem; raise `InvalidConfiguration` with the first one.

    Credentials are opened by each pull: one that is missing fails that, and no other.
    """
    found, problems = check(path, secrets=False)
    if problems:
        first = problems[0]
        raise InvalidConfiguration(
            "{file}: {source}: {why}", file=path.name, source=first.source, why=first.why
        )
    return found


def check(path: Path, *, secrets: bool = True) -> tuple[SourceFile, list[SourceProblem]]:
    """Read a file; return what is in it, and all problems.

    With *secrets*, the files of credentials are opened, too.
    """
    try:
        table = toml_files.read_table(path)
    except (OSError, InvalidConfiguration) as error:
        why = Message("{error}", error=error)
        return SourceFile(sources={}), [SourceProblem(source="", why=why)]
    top = TableFields(table, path.parent)
    key_file = top.path("reporter_key_file")
    problems = [SourceProblem(source="", why=why) for why in top.finish(known=("sources",))]
    if key_file is not None and secrets and (fault := _fault(key_file)):
        problems.append(SourceProblem(source="", why=fault))
    tables = table.get("sources")
    if not isinstance(tables, dict) or not 1 <= len(tables) <= MOST_SOURCES:
        why = Message("1 to {most} tables [sources.NAME] are required", most=MOST_SOURCES)
        return SourceFile(sources={}), [*problems, SourceProblem(source="", why=why)]
    sources: dict[str, DataSource] = {}
    for name, fields in tables.items():
        source, wrong = _source(str(name), fields, path.parent)
        if secrets and source is not None:
            wrong += _faults(source.secrets)
        problems += [SourceProblem(source=str(name)[:50], why=why) for why in wrong]
        if source is not None:
            sources[source.name] = source
    return SourceFile(sources=sources, reporter_key_file=key_file), problems


def _source(name: str, value: Any, folder: Path) -> tuple[DataSource | None, list[Message]]:
    if not _NAME.fullmatch(name):
        return None, [Message("a name of small letters, digits, dots and minus, at most 40")]
    if not isinstance(value, dict):
        return None, [Message("a table is required")]
    fields = TableFields(value, folder)
    connector = fields.word("kind", Connector)
    brings = fields.word("brings", Brings)
    address = fields.text("address", required=True)
    if connector is None or brings is None:
        return None, fields.problems
    every = fields.seconds("every", 3600.0)
    if every < _SHORTEST_SECONDS:
        fields.wrong("every", Message("at least {seconds} seconds", seconds=_SHORTEST_SECONDS))
    found = DataSource(
        name=name,
        connector=connector,
        address=address,
        brings=brings,
        source=_kind(fields),
        every_seconds=every,
        expected_lag_seconds=fields.seconds("expected_lag", 3 * every),
        secrets=_secrets(fields, connector),
        networks=fields.texts("networks") if connector is not Connector.FOLDER else (),
        limits=_limits(fields),
        quality=_quality(fields, connector),
        drop=_drop(fields) if connector is not Connector.HTTPS else DropTerms(),
        entries=_entries(fields) if brings is Brings.ENTRIES else EntryTerms(),
        reports=_reports(fields) if brings is Brings.REPORTS else ReportRules(),
    )
    try:
        addresses.check(found)
    except FanzhaError as error:
        fields.problems.append(error.as_message())
    return found, fields.finish()


def _kind(fields: TableFields) -> Source:
    text = fields.text("source", required=True)
    if text and text not in _KINDS:
        known = ", ".join(_KINDS)
        fields.wrong("source", Message("one of {known}, not {text!r}", known=known, text=text[:50]))
    return _KINDS.get(text, Source.BUREAU)


def _secrets(fields: TableFields, connector: Connector) -> AccessSecrets:
    if connector is Connector.FOLDER:
        return AccessSecrets()
    if connector is Connector.SFTP:
        found = AccessSecrets(
            password_file=fields.path("password_file"),
            key_file=fields.path("key_file"),
            host_keys=fields.texts("host_keys"),
        )
        for key in found.host_keys:
            if not _HOST_KEY.fullmatch(key):
                fields.wrong("host_keys", Message("a public key as OpenSSH writes it"))
        if (found.password_file is None) == (found.key_file is None):
            fields.wrong("key_file", Message("either key_file or password_file is required"))
        return found
    found = AccessSecrets(
        token_file=fields.path("token_file"),
        user=fields.text("user"),
        password_file=fields.path("password_file"),
        key_file=fields.path("key_file"),
        certificate_file=fields.path("certificate_file"),
        ca_file=fields.path("ca_file"),
    )
    if bool(found.user) != (found.password_file is not None):
        fields.wrong("user", Message("user and password_file belong together"))
    if found.token_file is not None and found.user:
        fields.wrong("token_file", Message("either a token or a user"))
    if (found.key_file is None) != (found.certificate_file is None):
        fields.wrong("key_file", Message("key_file and certificate_file belong together"))
    return found


def _limits(fields: TableFields) -> PullLimits:
    ours = PullLimits()
    seconds = fields.seconds("timeout", ours.seconds)
    if seconds > _MOST_SECONDS:
        fields.wrong("timeout", Message("at most {hours} hours", hours=int(_MOST_SECONDS // 3600)))
    return PullLimits(
        most_bytes=fields.number("most_bytes", ours.most_bytes, least=1, most=_MOST_BYTES),
        most_rows=fields.number("most_rows", ours.most_rows, least=1, most=_MOST_ROWS),
        seconds=seconds,
    )


def _quality(fields: TableFields, connector: Connector) -> QualityLimits:
    # Files of a drop are news of a day or an hour, and differ; a feed is the whole each time.
    whole = connector is Connector.HTTPS
    ours = QualityLimits()
    shrink = ours.most_shrink_percent if whole else 0
    growth = ours.most_growth_percent if whole else 0
    return QualityLimits(
        most_refused_percent=fields.number(
            "most_refused_percent", ours.most_refused_percent, most=100
        ),
        most_shrink_percent=fields.number("most_shrink_percent", shrink, most=100),
        most_growth_percent=fields.number("most_growth_percent", growth, most=100_000),
        least_rows=fields.number("least_rows", ours.least_rows, most=_MOST_ROWS),
    )


def _drop(fields: TableFields) -> DropTerms:
    ours = DropTerms()
    move_to = fields.text("move_to", ours.move_to)
    if "/" in move_to or move_to in {".", ".."}:
        fields.wrong("move_to", Message("the name of a folder, without /"))
    return DropTerms(
        files=fields.text("files", ours.files),
        after=fields.word("after", AfterPull, ours.after) or ours.after,
        move_to=move_to,
        settle_seconds=fields.seconds("settle", ours.settle_seconds),
    )


def _entries(fields: TableFields) -> EntryTerms:
    format_, encoding = fields.text("format"), fields.text("encoding")
    formats = [one.value for one in Format]
    for name, text, known in (("format", format_, formats), ("encoding", encoding, ENCODINGS)):
        if text and text not in known:
            names = ", ".join(known)
            fields.wrong(name, Message("one of {known}, not {text!r}", known=names, text=text[:50]))
    fraud_type = fields.text("fraud_type")
    if fraud_type and fraud_type not in _FRAUD_TYPES:
        fields.wrong("fraud_type", Message("there is no {text!r}", text=fraud_type[:50]))
    region = fields.text("region")
    if region and not region_codes.is_code(region):
        fields.wrong("region", Message("two, four or six digits, such as 3301"))
    return EntryTerms(
        format_=format_ if format_ in formats else "",
        encoding=encoding if encoding in ENCODINGS else "",
        columns=fields.pairs("columns"),
        reason=fields.text("reason"),
        legal_basis=fields.text("legal_basis"),
        fraud_type=_FRAUD_TYPES.get(fraud_type, FraudType.UNSPECIFIED),
        campaign=fields.text("campaign"),
        region=region,
        expires_days=fields.number("expires_days", 0, most=3650),
        replace=fields.flag("replace"),
    )


def _reports(fields: TableFields) -> ReportRules:
    ours = ReportRules()
    schema = fields.text("schema", ours.schema)
    if schema not in schemas.load():
        known = ", ".join(schemas.load())
        fields.wrong(
            "schema", Message("one of {known}, not {text!r}", known=known, text=schema[:50])
        )
        schema = ours.schema
    columns = fields.pairs("columns")
    for holds in set(columns.values()) - set(schemas.FIELDS):
        fields.wrong("columns", Message("nothing holds {text!r}", text=holds[:50]))
    return ReportRules(
        schema=schema,
        columns=columns,
        # One report is no proof: less than three people cannot be asked for.
        reporters=fields.number("reporters", ours.reporters, least=3, most=1000),
        within_days=fields.number("within_days", ours.within_days, least=1, most=90),
        most_a_day=fields.number("most_a_day", ours.most_a_day, least=1, most=200),
        shared=fields.number("shared", ours.shared, least=1, most=1000),
        most_proposals=fields.number("most_proposals", ours.most_proposals, least=1, most=1000),
        entry_days=fields.number("entry_days", ours.entry_days, least=1, most=365),
    )


def _faults(secrets: AccessSecrets) -> list[Message]:
    files = (secrets.token_file, secrets.password_file, secrets.key_file)
    found = [fault for file in files if file is not None and (fault := _fault(file))]
    found += [
        Message("{path}: there is no such file", path=file)
        for file in (secrets.certificate_file, secrets.ca_file)
        if file is not None and not file.is_file()
    ]
    return found


def _fault(file: Path) -> Message | None:
    try:
        secret_files.read(file)
    except InvalidConfiguration as error:
        return error.as_message()
    return None


def by_brings(file: SourceFile, *kinds: Brings) -> Mapping[str, DataSource]:
    """Return the sources that bring one of *kinds*."""
    return {name: one for name, one in file.sources.items() if one.brings in kinds}
