"""Bundles that are signed, changed afterwards, signed by strangers, or not signed at all."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.card import CARD, GRAPH
from fanzha.errors import InvalidConfiguration
from services.audit import keys
from services.audit.keys import SigningKey
from services.decision.model_kinds import ModelKind
from services.models import signatures
from services.models.active import ActiveModels
from services.models.desired_models import DesiredModel
from services.models.signatures import SIGNATURE, SignatureCheck
from tests.support.model_bundles import a_bundle, edit_card, some_bundles

LINK = ModelKind.LINK


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return keys.open_key(tmp_path / "keys" / "models")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Make files that need not be a model."""
    bundle = tmp_path / "url" / "5"
    bundle.mkdir(parents=True)
    (bundle / CARD).write_text("version = '5'\n")
    (bundle / GRAPH).write_bytes(b"graph")
    return bundle


def trusting(key: SigningKey, *, required: bool = False) -> SignatureCheck:
    return SignatureCheck(key.public_file, required)


def test_a_signed_bundle_names_its_key(bundle: Path, key: SigningKey) -> None:
    signatures.sign(bundle, key)

    assert trusting(key, required=True).check(bundle) == key.key_id


def changed_card(bundle: Path) -> None:
    (bundle / CARD).write_text("version = '5'\nthreshold = 0.1\n")


def changed_graph(bundle: Path) -> None:
    (bundle / GRAPH).write_bytes(b"grapf")


def one_file_more(bundle: Path) -> None:
    (bundle / "second.onnx").write_bytes(b"head")


def one_file_less(bundle: Path) -> None:
    (bundle / GRAPH).unlink()


def digest_replaced_too(bundle: Path) -> None:
    changed_graph(bundle)
    table = json.loads((bundle / SIGNATURE).read_text())
    table["files"][GRAPH] = signatures._digests(bundle)[GRAPH]  # noqa: SLF001
    (bundle / SIGNATURE).write_text(json.dumps(table))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed_card, "card.toml is not the file that was signed"),
        (changed_graph, "model.onnx is not the file that was signed"),
        (one_file_more, "second.onnx is not the file that was signed"),
        (one_file_less, "model.onnx is not the file that was signed"),
        (digest_replaced_too, "the signature is not valid"),
    ],
)
def test_a_change_after_signing_is_refused_by_name(
    bundle: Path, key: SigningKey, change: Callable[[Path], None], named: str
) -> None:
    signatures.sign(bundle, key)

    change(bundle)

    with pytest.raises(InvalidConfiguration, match=named):
        trusting(key).check(bundle)


def test_a_signature_does_not_hold_under_another_version(bundle: Path, key: SigningKey) -> None:
    signatures.sign(bundle, key)
    other = copytree(bundle, bundle.with_name("6"))

    with pytest.raises(InvalidConfiguration, match="the signature is not valid"):
        trusting(key).check(other)


def test_a_strangers_signature_is_refused(bundle: Path, key: SigningKey, tmp_path: Path) -> None:
    signatures.sign(bundle, keys.open_key(tmp_path / "stranger"))

    with pytest.raises(InvalidConfiguration, match="not among those of model_keys_file"):
        trusting(key).check(bundle)


def test_a_bundle_without_a_signature_is_refused_only_where_one_is_required(
    bundle: Path, key: SigningKey
) -> None:
    assert trusting(key).check(bundle) == ""
    assert SignatureCheck().check(bundle) == ""
    with pytest.raises(InvalidConfiguration, match="is not signed"):
        trusting(key, required=True).check(bundle)
    with pytest.raises(InvalidConfiguration, match="model_keys_file is not set"):
        SignatureCheck(None, required=True).check(bundle)


def test_keys_that_cannot_be_read_refuse_signed_bundles(bundle: Path, key: SigningKey) -> None:
    signatures.sign(bundle, key)

    with pytest.raises(InvalidConfiguration, match="cannot be read"):
        SignatureCheck(bundle / "missing.pub").check(bundle)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(
    st.binary(max_size=80)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {"files": json_values, "key_id": json_values, "signature": json_values}
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_stands_in_the_file_no_forged_signature_passes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("forged")
    key, bundle = keys.open_key(folder / "key"), folder / "url" / "1"
    bundle.mkdir(parents=True)
    (bundle / SIGNATURE).write_bytes(content)

    with pytest.raises(InvalidConfiguration):
        trusting(key).check(bundle)


def test_a_worker_keeps_the_last_good_model_and_says_why(tmp_path: Path, key: SigningKey) -> None:
    root = some_bundles(tmp_path / "models")
    for first in root.glob("*/1"):
        signatures.sign(first, key)
    switch = ActiveModels(root, {}, {}, signatures=trusting(key, required=True))
    second = a_bundle(root, "url", "2")
    wanted = {LINK: DesiredModel(active="2")}

    refused = switch.prepare(wanted)
    switch.take(wanted)
    status = switch.status()[LINK]
    signatures.sign(second, key)
    after = switch.prepare(wanted), switch.take(wanted)

    assert refused == [LINK]
    assert status.active == "1"
    assert "is not signed" in status.refused["2"]
    assert after == ([], [LINK])
    assert switch.current.link.version == "2"


def test_a_worker_does_not_start_on_a_bundle_changed_after_signing(
    tmp_path: Path, key: SigningKey
) -> None:
    root = some_bundles(tmp_path / "models")
    signatures.sign(root / "sms" / "1", key)
    edit_card(root / "sms" / "1", "date", '"2026-01-01"')

    with pytest.raises(InvalidConfiguration, match=r"card\.toml is not the file"):
        ActiveModels(root, {}, {}, signatures=trusting(key))
