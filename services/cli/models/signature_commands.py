"""`fanzha models sign` and `verify`: who stands for the bytes of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.errors import InvalidConfiguration
from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail, out, print_json
from services.cli._common.options import AsJson

Bundles = Annotated[
    list[Path],
    typer.Argument(exists=True, file_okay=False, help="Folders of bundles, such as MODELS/sms/5."),
]


def sign(
    bundles: Bundles,
    key: Annotated[
        Path,
        typer.Option(
            dir_okay=False,
            help="Private key (Ed25519, PEM, mode 0600); made with its .pub where there is none.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Sign bundles, so that workers that trust the key take these bytes and no others.

    Give the file KEY.pub to every host as model_keys_file. Sign again after any change.
    """
    from services.audit import keys
    from services.models import signatures

    signing = keys.open_key(key)
    for bundle in bundles:
        _check_card(bundle)
        signatures.sign(bundle.resolve(), signing)
    if as_json:
        print_json({"key_id": signing.key_id, "signed": [str(bundle) for bundle in bundles]})
        return
    for bundle in bundles:
        out.print(
            gettext("{bundle} signed by the key {key_id}", bundle=bundle, key_id=signing.key_id),
            soft_wrap=True,
        )


def verify(
    bundles: Bundles,
    public_key: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Public keys in PEM, one or more.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check the signatures of bundles; status 1 where one is missing or wrong."""
    from services.models.signatures import SignatureCheck

    check = SignatureCheck(public_key, required=True)
    faults: dict[str, str] = {}
    signers: dict[str, str] = {}
    for bundle in bundles:
        try:
            signers[str(bundle)] = check.check(bundle.resolve())
        except InvalidConfiguration as error:
            faults[str(bundle)] = str(error)
    if as_json:
        print_json({"signed_by": signers, "faults": faults})
    for name, key_id in () if as_json else signers.items():
        out.print(
            gettext("{bundle} is whole, signed by the key {key_id}", bundle=name, key_id=key_id),
            soft_wrap=True,
        )
    for fault in () if as_json else faults.values():
        out.print(fault, soft_wrap=True, markup=False)
    if faults:
        raise typer.Exit(1)


def _check_card(bundle: Path) -> None:
    from classifiers.card import CARD

    if not (bundle / CARD).exists():
        fail(gettext("{bundle}: holds no {card}", bundle=bundle, card=CARD))
