"""`fanzha blocklist import`: a file in any of the field's formats, every line accounted for."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from blocklists.importers import list_file, vocabulary
from blocklists.importers.files import ENCODINGS
from blocklists.importers.list_format import Format
from blocklists.importers.tables import columns
from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext, language
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.confirmation import Confirm
from services.cli._common.console import print_json, progress
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Target, enum
from services.cli.lists import import_display
from services.cli.lists.file_sender import FileUpload
from services.cli.lists.import_summary import EXAMPLES, ImportSummary
from services.cli.lists.mappings import MappingsOfSource
from services.cli.lists.mappings import server as mappings_server
from services.cli.lists.options import (
    ActionWord,
    Campaign,
    DirectionWord,
    ExpectedVersion,
    Expires,
    FraudTypeWord,
    LegalBasis,
    ModeWord,
    Region,
    Review,
    expiry,
    server,
)
from services.cli.lists.options import mode as read_mode
from services.cli.lists.options import review as read_review

_MOST_REPORTED = 20_000
"""Bad rows that a server tells one by one."""


_File = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False, help="The list: text, .gz too, XLSX, or a STIX bundle."
    ),
]
_Encoding = Annotated[
    str,
    typer.Option(help=f"Encoding of text: {', '.join(ENCODINGS)}; empty: detected."),
]
_Sheet = Annotated[
    list[str] | None,
    typer.Option(help="Read this sheet of a workbook; may be repeated; else all visible ones."),
]
_Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="What a column holds, such as 涉案标识=number or 备注=ignore; may be repeated. "
        "Remembered for files of this source with the same header.",
    ),
]
_Remember = Annotated[
    bool, typer.Option(help="Remember what --map says, and use what is remembered.")
]
_Source = Annotated[
    str,
    typer.Option(
        help="Who supplied it: ministry, province, bureau, carrier or tech_company; "
        "empty: the file says."
    ),
]
_DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        "--preview",
        help="Change nothing; show what is new, changed, duplicate, refused, invalid or "
        "conflicting, with examples.",
    ),
]
_MaxInvalid = Annotated[
    int,
    typer.Option(
        "--max-invalid",
        min=1,
        max=100,
        help="Import nothing when, after 1,000 lines, more than this share cannot be read, in "
        "percent: such a file is no list. 100: whatever it holds.",
    ),
]
_NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="The first row of a table is data: the first that looks like a number, name or URL "
        "says which column holds them.",
    ),
]
_Replace = Annotated[
    bool, typer.Option("--replace", help="Replace entries that another source supplied, too.")
]
_Report = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        help="Write all lines that are refused or invalid to this CSV file, as they stand.",
    ),
]


def import_(
    file: _File,
    form: Annotated[str, typer.Option("--format", help=f"auto, {', '.join(Format)}.")] = "auto",
    encoding: _Encoding = "", sheet: _Sheet = None, no_header: _NoHeader = False,
    map_: _Map = None, remember: _Remember = True,
    action: ActionWord = "block",
    fraud_type: FraudTypeWord = "",
    source: _Source = "",
    expires: Expires = "", review: Review = "", mode: ModeWord = "",
    direction: DirectionWord = "both",
    reason: Annotated[str, typer.Option(help="Why.", show_default="name of the file")] = "",
    legal_basis: LegalBasis = "", campaign: Campaign = "", region: Region = "",
    expected_version: ExpectedVersion = None, replacing: _Replace = False,
    dry_run: _DryRun = False,
    max_invalid: _MaxInvalid = 20,
    report: _Report = None,
    confirm: Confirm = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Import a list. What a row says outranks the options; bad rows never stop the others.

    Ends with status 1 where every row is refused or invalid.
    """
    defaults = _defaults(action, direction, fraud_type, source)
    defaults.MergeFrom(_terms(expires, review, mode, legal_basis, campaign, region))
    header = pb.ImportHeader(
        expected_version=expected_version, defaults=defaults, author=by,
        reason=reason or file.name, dry_run=dry_run, most_examples=EXAMPLES,
        most_problems=_MOST_REPORTED if report else 0, confirmed_risks=confirm, replace=replacing,
        max_invalid_percent=max_invalid,
    )  # fmt: skip
    with server(target) as lists, mappings_server(target) as mappings:
        known = MappingsOfSource(mappings, defaults.source, _chosen(map_ or []), use=remember)
        ways = replace(_options(form, encoding, sheet), choose=known.choose, header=not no_header)
        with FileUpload(file, ways, header, known, keep_all=report is not None) as sending:
            _tell(done := sending.send(lists), report, as_json=as_json)
            known.save(done.file.headers, by)
    raise typer.Exit(0 if done.taken else 1)


def _options(form: str, encoding: str, sheets: list[str] | None) -> list_file.ReadOptions:
    return list_file.ReadOptions(
        format_=_format(form), encoding=_encoding(encoding), sheets=tuple(sheets or ())
    )


def _terms(
    expires: str, review: str, mode: str, legal_basis: str, campaign: str, region: str
) -> pb.Entry:
    now_s = int(time.time())
    return pb.Entry(
        **expiry(expires, now_s),
        review_at_s=read_review(review, now_s),
        mode=read_mode(mode),
        legal_basis=legal_basis,
        campaign=campaign,
        region=region,
    )


def _defaults(action: str, direction: str, fraud_type: str, source: str) -> pb.Entry:
    return pb.Entry(
        action=enum(action, vocabulary.read_action, "--action"),
        direction=enum(direction, vocabulary.read_direction, "--direction"),
        fraud_type=enum(fraud_type, vocabulary.read_fraud_type, "--fraud-type"),
        source=enum(source, vocabulary.read_source, "--source"),
    )


def _tell(done: ImportSummary, report: Path | None, *, as_json: bool) -> None:
    if report is not None:
        with progress(bar=False) as shown:
            shown.add_task(gettext("writing the report"), note="", total=None)
            import_display.write_report(report, done)
    if as_json:
        print_json(done.as_dict())
    else:
        import_display.show(done)


def _chosen(pairs: list[str]) -> columns.Chosen:
    try:
        return columns.chosen(pairs)
    except InvalidInput as error:
        raise typer.BadParameter(error.translated(language()), param_hint="--map") from None


def _encoding(name: str) -> str:
    plain = name.strip().lower().replace("_", "-")
    plain = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "utf16": "utf-16"}.get(
        plain, plain
    )
    if plain not in ("", *ENCODINGS):
        raise typer.BadParameter(
            gettext("{name!r} is none of {encodings}", name=name, encodings=", ".join(ENCODINGS)),
            param_hint="--encoding",
        )
    return plain


def _format(name: str) -> Format | None:
    if name == "auto":
        return None
    if name not in set(Format):
        known = ", ".join(("auto", *Format))
        raise typer.BadParameter(
            gettext("{name!r} is none of {known}", name=name, known=known), param_hint="--format"
        )
    return Format(name)
