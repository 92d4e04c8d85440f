"""`fanzha warnings templates`: what warnings say, and whether a text may be sent as one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from services.cli._common.console import fail, fault_text, os_fault, out, print_json
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.plain_text import visible
from services.cli._common.tables import RowTable
from services.warning.messages import catalog, linter, template_files
from services.warning.messages import template as message_template

app = typer.Typer(no_args_is_help=True, help="What warnings say, by form, kind of fraud and tier.")

Folder = Annotated[
    Path | None,
    typer.Option(
        envvar="FANZHA_WARNING_TEMPLATES_DIR", help="Folder of templates of one's own. None: none."
    ),
]
_FAULTY = 1


@app.command("list")
def list_(
    form: Annotated[str, typer.Option(help="Only sms, voice or in_person.")] = "",
    language: Annotated[str, typer.Option(help="Only zh or en.")] = "",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List templates, with their length as SMS when the facts are as long as they may be."""
    found = [
        one
        for one in _load(folder).all()
        if form in ("", one.form) and language in ("", one.language)
    ]
    if as_json:
        print_json([_words(one) for one in found])
        return
    table = RowTable(
        gettext("template"),
        gettext("version"),
        gettext("SMS parts"),
        gettext("units"),
        gettext("alphabet"),
    )
    for one in found:
        size = one.length
        sms = (str(size.parts), str(size.units), size.encoding) if one.form == "sms" else ("",) * 3
        table.add_row(one.id, one.version, *sms)
    table.print()
    out.print(gettext("{found} templates", found=len(found)))


@app.command()
def show(
    template: Annotated[str, typer.Argument(help="Its id, such as sms.fake_loan.high.zh.")],
    when: Annotated[str, typer.Option(help="When it happened, such as 11月25日14时.")] = "",
    claimed: Annotated[str, typer.Option(help="What the caller calls itself.")] = "",
    folder: Folder = None,
) -> None:
    """Show a message as it would be sent; ends with status 1 when it would be refused."""
    found = {one.id: one for one in _load(folder).all()}.get(template)
    if found is None:
        fail(
            gettext(
                "there is no template {template!r}; see `fanzha warnings templates list`",
                template=template,
            ),
            status=ExitStatus.NOT_FOUND,
        )
    text = found.filled(message_template.MessageFacts(when=when, claimed=claimed))
    sys.stdout.write(visible(text) + "\n")
    _end_with(linter.faults(text), gettext("the message"))


@app.command()
def lint(
    file: Annotated[
        Path,
        typer.Argument(help="File of templates (.toml), or of one text; - reads standard input."),
    ],
) -> None:
    """Say what no warning may have in a file: links, numbers, accounts, invitations.

    Ends with status 1 when there is something.
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"{file}: {os_fault(error)}")
    except UnicodeDecodeError:
        fail(gettext("{file}: is no UTF-8", file=file))
    if file.suffix != ".toml":
        _end_with(linter.faults(text), gettext("the text"))
        out.print(gettext("nothing wrong"))
        return
    language = file.name.removesuffix(".toml").rpartition(".")[2]
    if language not in message_template.LANGUAGES:
        fail(
            gettext("{name}: its name is not of the form templates-2.zh.toml", name=file.name),
        )
    try:
        found = template_files.read(file.name, text, language)
    except ValueError as error:
        fail(fault_text(error))
    out.print(gettext("{found} templates, nothing wrong", found=len(found)))


@app.command()
def served(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List the templates that a service has in force, as it would send them."""
    from fanzha.v1 import warning_operations_pb2 as pb
    from services.cli.warnings.operations_server import server

    with server(target) as stub:
        answer = stub.ListTemplates(pb.ListTemplatesRequest())
    if as_json:
        print_json(
            [
                {"id": one.id, "version": one.version, "text": one.text, "parts": one.sms_parts}
                for one in answer.templates
            ]
        )
        return
    table = RowTable(gettext("template"), gettext("version"), gettext("SMS parts"))
    for one in answer.templates:
        table.add_row(one.id, one.version, str(one.sms_parts or ""))
    table.print()


def _end_with(faults: list[linter.LintFault], what: str) -> None:
    if not faults:
        return
    for fault in faults:
        out.print(f"{fault.kind}: {localized(fault.message, language())}", markup=False)
    out.print(gettext("{what} would be refused: {faults} faults", what=what, faults=len(faults)))
    raise typer.Exit(_FAULTY)


def _load(folder: Path | None) -> catalog.MessageCatalog:
    try:
        return catalog.MessageCatalog.load(folder)
    except (OSError, ValueError) as error:
        fail(fault_text(error))


def _words(one: message_template.WarningTemplate) -> dict[str, object]:
    size = one.length
    return {
        "id": one.id,
        "version": one.version,
        "text": one.filled(message_template.MessageFacts()),
        "parts": size.parts if one.form == "sms" else None,
        "units": size.units if one.form == "sms" else None,
        "alphabet": size.encoding if one.form == "sms" else None,
    }
