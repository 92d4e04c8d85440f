"""Global options of `fanzha`: language, credentials of the caller, and trusted authorities."""

import os
from typing import Annotated

import typer

from fanzha.translation import catalogue
from services.cli._common import addresses, profiles
from services.cli._common.profiles import SERVER, VARIABLE, Profiles

# As `fanzha.client.login` has them, which imports gRPC; a test compares.
TOKEN = "FANZHA_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_FILE = "FANZHA_TOKEN_FILE"  # noqa: S105
TLS_CA = "FANZHA_TLS_CA"
TLS_CERTIFICATE = "FANZHA_TLS_CLIENT_CERTIFICATE"
TLS_KEY = "FANZHA_TLS_CLIENT_KEY"


TARGETS = tuple(addresses.VARIABLES.values())


def _typed(context: typer.Context, name: str) -> bool:
    return str(context.get_parameter_source(name)).endswith("COMMANDLINE")


def _known(context: typer.Context, language: str) -> str:
    # A variable with another language is passed over, as the locale is.
    if _typed(context, "language") and language and language not in catalogue.LOCALES:
        raise typer.BadParameter(
            catalogue.gettext("{language} is none of zh, en", language=repr(language))
        )
    return language


Language = Annotated[
    str,
    typer.Option(
        "--language",
        envvar=catalogue.VARIABLE,
        callback=_known,
        help="zh or en; empty: as the locale has it (LC_ALL, LC_MESSAGES, LANG).",
        show_default=False,
    ),
]
Server = Annotated[
    str,
    typer.Option(
        "--server",
        envvar=SERVER,
        help="HOST or HOST:PORT of any server of the service; it tells where the others are.",
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        envvar=VARIABLE,
        help="Profile that says where the service is, see `fanzha profile`.",
    ),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar=TOKEN,
        help="Token for servers. Other users can see a command line: prefer a file.",
    ),
]
TokenFile = Annotated[
    str,
    typer.Option("--token-file", envvar=TOKEN_FILE, help="File with a token for servers."),
]
TlsCa = Annotated[
    str,
    typer.Option(
        "--tls-ca",
        envvar=TLS_CA,
        help="PEM file with the authorities of servers, or system: speak TLS.",
    ),
]
TlsCert = Annotated[
    str,
    typer.Option("--tls-cert", envvar=TLS_CERTIFICATE, help="PEM file: client certificate."),
]
TlsKey = Annotated[
    str,
    typer.Option("--tls-key", envvar=TLS_KEY, help="PEM file: private key of --tls-cert."),
]


def _print_version(given: bool) -> None:
    if given:
        from importlib.metadata import version as distribution_version

        typer.echo(distribution_version("fanzha"))
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and exit.",
    ),
]


def show(
    context: typer.Context,
    language: Language = "",
    server: Server = "",
    profile: ProfileName = "",
    token: Token = "",
    token_file: TokenFile = "",
    tls_ca: TlsCa = "",
    tls_cert: TlsCert = "",
    tls_key: TlsKey = "",
    version: Version = False,  # noqa: ARG001 - its callback prints it
) -> None:
    """Put the options into the environment, for commands and their child processes.

    An option outranks every variable, and a variable the profile in use.
    """
    given = {
        catalogue.VARIABLE: language,
        SERVER: server,
        TOKEN: token,
        TOKEN_FILE: token_file,
        TLS_CA: tls_ca,
        TLS_CERTIFICATE: tls_cert,
        TLS_KEY: tls_key,
    }
    if token_file and token == os.environ.get(TOKEN):
        # An option outranks its variable.
        del given[TOKEN]
        os.environ.pop(TOKEN, None)
    os.environ.update({name: value for name, value in given.items() if value})
    if _typed(context, "server") or _typed(context, "profile"):
        for variable in TARGETS:
            os.environ.pop(variable, None)
    if _typed(context, "profile") and not _typed(context, "server"):
        os.environ.pop(SERVER, None)
    _take_profile(profile)


def _take_profile(name: str) -> None:
    """Put a profile into the environment, where an option or a variable says nothing else."""
    path = profiles.file()
    if not name and not path.exists():
        return
    from services.cli._common.console import one_sentence

    with one_sentence(str(path)):
        known = Profiles(path)
        chosen = name or known.current
        variables = known.get(chosen).variables if chosen else {}
    if os.environ.get(TOKEN):
        variables.pop(TOKEN_FILE, None)
    if _goes_elsewhere(variables.get(SERVER, "")):
        # Credentials are for the server of their profile.
        for secret in (TOKEN_FILE, TLS_CERTIFICATE, TLS_KEY):
            variables.pop(secret, None)
    for variable, value in variables.items():
        if not os.environ.get(variable):
            os.environ[variable] = value


def _goes_elsewhere(server: str) -> bool:
    """Return whether commands go to another server than that of the profile."""
    named = os.environ.get(SERVER, "")
    return named not in ("", server) or any(os.environ.get(one) for one in TARGETS)
