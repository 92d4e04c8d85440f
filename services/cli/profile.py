"""`fanzha profile`: where services are and who one is there, by name."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from services.cli._common import addresses, profiles
from services.cli._common.console import one_sentence, out, print_json
from services.cli._common.options import AsJson
from services.cli._common.profiles import Profile, Profiles
from services.cli._common.tables import RowTable

app = typer.Typer(
    no_args_is_help=True, help="Name services, and who you are there, to connect to them."
)

Name = Annotated[str, typer.Argument(help="Name of the profile.")]


def _file(help_text: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, resolve_path=True, help=help_text)


def _authority(given: str) -> str:
    if given in ("", "system"):
        return given
    if not Path(given).is_file():
        raise typer.BadParameter(gettext("{file}: there is no such file", file=given))
    return str(Path(given).resolve())


TokenFile = Annotated[Path | None, _file("File with your token.")]
TlsCa = Annotated[
    str,
    typer.Option(callback=_authority, help="PEM file with the authorities of servers, or system."),
]
TlsCertificate = Annotated[Path | None, _file("PEM file: client certificate.")]
TlsKey = Annotated[Path | None, _file("PEM file: its private key.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List profiles; the one in use is marked."""
    with one_sentence(str(profiles.file())):
        known = Profiles(profiles.file())
        rows = [(name, known.get(name)) for name in known.names()]
    if as_json:
        print_json([{"name": name, "in_use": name == known.current, **asdict(one)}
                    for name, one in rows])  # fmt: skip
        return
    table = RowTable(gettext("in use"), gettext("name"), gettext("server"), gettext("token file"))
    for name, one in rows:
        table.add_row("*" if name == known.current else "", name, one.server, one.token_file)
    table.print()


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show what a profile says."""
    with one_sentence(str(profiles.file())):
        found = asdict(Profiles(profiles.file()).get(name))
    if as_json:
        print_json(found)
        return
    for key, value in found.items():
        if value:
            out.print(f"{key:<16} {value}", soft_wrap=True)


@app.command()
def add(
    name: Name,
    server: Annotated[
        str, typer.Option("--server", help="HOST or HOST:PORT of any server of the service.")
    ],
    token_file: TokenFile = None,
    tls_ca: TlsCa = "",
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
) -> None:
    """Add a profile, or replace it; the first is in use at once."""
    with one_sentence(server):
        addresses.split(server)
        known = Profiles(profiles.file())
        first = not known.names()
        known.add(
            name,
            Profile(
                server=server,
                token_file=str(token_file or ""),
                tls_ca=tls_ca,
                tls_certificate=str(tls_certificate or ""),
                tls_key=str(tls_key or ""),
            ),
        )
        if first:
            known.use(name)
    used = gettext(", in use") if known.current == name else ""
    out.print(
        gettext("profile {name}: {file}{used}", name=name, file=profiles.file(), used=used),
        soft_wrap=True,
    )


@app.command()
def use(
    name: Annotated[str, typer.Argument(help="Name of the profile; none: use no profile.")] = "",
) -> None:
    """Use a profile from now on where --profile names none."""
    with one_sentence(str(profiles.file())):
        Profiles(profiles.file()).use(name)
    if name:
        out.print(gettext("{name} is in use", name=name))
    else:
        out.print(gettext("no profile is in use"))


@app.command()
def remove(name: Name) -> None:
    """Remove a profile; the files it names stay."""
    with one_sentence(str(profiles.file())):
        Profiles(profiles.file()).remove(name)
    out.print(gettext("removed {name}", name=name))
