"""Options of `fanzha` itself: what every command shows to a server, and whom it trusts."""

import os
from typing import Annotated

import typer

from fanzha.client import login


def show(
    token: Annotated[
        str,
        typer.Option(
            envvar=login.TOKEN,
            help="Token to show to servers. Others see what a command line says: a file is better.",
        ),
    ] = "",
    token_file: Annotated[
        str, typer.Option(envvar=login.TOKEN_FILE, help="File with a token to show to servers.")
    ] = "",
    tls_ca: Annotated[
        str,
        typer.Option(
            envvar=login.TLS_CA,
            help="PEM file with the authorities of servers, or system: speak TLS.",
        ),
    ] = "",
    tls_cert: Annotated[
        str, typer.Option(envvar=login.TLS_CERTIFICATE, help="PEM file: certificate to show.")
    ] = "",
    tls_key: Annotated[
        str, typer.Option(envvar=login.TLS_KEY, help="PEM file: private key of --tls-cert.")
    ] = "",
) -> None:
    """Take the options; commands, and what they start, find them in the environment."""
    given = {
        login.TOKEN: token,
        login.TOKEN_FILE: token_file,
        login.TLS_CA: tls_ca,
        login.TLS_CERTIFICATE: tls_cert,
        login.TLS_KEY: tls_key,
    }
    if token_file and token == os.environ.get(login.TOKEN):
        # Of an option and a variable, the option counts.
        del given[login.TOKEN]
        os.environ.pop(login.TOKEN, None)
    os.environ.update({name: value for name, value in given.items() if value})
