"""Global options of `fanzha`: language, credentials of the caller, and trusted authorities."""

import os
from typing import Annotated

import typer

from fanzha.client import login
from fanzha.translation import catalogue


def _known(language: str) -> str:
    if language and language not in catalogue.LOCALES:
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
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar=login.TOKEN,
        help="Token for servers. Other users can see a command line: prefer a file.",
    ),
]
TokenFile = Annotated[
    str,
    typer.Option("--token-file", envvar=login.TOKEN_FILE, help="File with a token for servers."),
]
TlsCa = Annotated[
    str,
    typer.Option(
        "--tls-ca",
        envvar=login.TLS_CA,
        help="PEM file with the authorities of servers, or system: speak TLS.",
    ),
]
TlsCert = Annotated[
    str,
    typer.Option("--tls-cert", envvar=login.TLS_CERTIFICATE, help="PEM file: client certificate."),
]
TlsKey = Annotated[
    str,
    typer.Option("--tls-key", envvar=login.TLS_KEY, help="PEM file: private key of --tls-cert."),
]


def show(
    language: Language = "",
    token: Token = "",
    token_file: TokenFile = "",
    tls_ca: TlsCa = "",
    tls_cert: TlsCert = "",
    tls_key: TlsKey = "",
) -> None:
    """Put the options into the environment, for commands and their child processes."""
    given = {
        catalogue.VARIABLE: language,
        login.TOKEN: token,
        login.TOKEN_FILE: token_file,
        login.TLS_CA: tls_ca,
        login.TLS_CERTIFICATE: tls_cert,
        login.TLS_KEY: tls_key,
    }
    if token_file and token == os.environ.get(login.TOKEN):
        # An option outranks its variable.
        del given[login.TOKEN]
        os.environ.pop(login.TOKEN, None)
    os.environ.update({name: value for name, value in given.items() if value})
