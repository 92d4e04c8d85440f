"""Global options of `fanzha`: credentials of the caller, and trusted authorities."""

import os
from typing import Annotated

import typer

from fanzha.client import login


def show(
    token: Annotated[
        str,
        typer.Option(
            envvar=login.TOKEN,
            help="Token for servers. Other users can see a command line: prefer a file.",
        ),
    ] = "",
    token_file: Annotated[
        str, typer.Option(envvar=login.TOKEN_FILE, help="File with a token for servers.")
    ] = "",
    tls_ca: Annotated[
        str,
        typer.Option(
            envvar=login.TLS_CA,
            help="PEM file with the authorities of servers, or system: speak TLS.",
        ),
    ] = "",
    tls_cert: Annotated[
        str, typer.Option(envvar=login.TLS_CERTIFICATE, help="PEM file: client certificate.")
    ] = "",
    tls_key: Annotated[
        str, typer.Option(envvar=login.TLS_KEY, help="PEM file: private key of --tls-cert.")
    ] = "",
) -> None:
    """Put the options into the environment, for commands and their child processes."""
    given = {
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
