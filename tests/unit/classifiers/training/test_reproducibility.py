"""What a card says of its making, and when two bundles are the same."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from classifiers import bundles
from classifiers.card import CARD, GRAPH
from classifiers.training import bundle_writer, reproducibility
from tests.support.checkout import CHECKOUT
from tests.support.model_bundles import edit_card


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    shipped = bundles.newest(bundles.SHIPPED, "moment")
    return copytree(shipped, tmp_path / "1"), copytree(shipped, tmp_path / "2")


def compare(one: Path, other: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "classifiers.training.reproducibility", str(one), str(other)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_bundles_that_differ_in_date_and_version_only_are_the_same(
    twins: tuple[Path, Path],
) -> None:
    edit_card(twins[1], "date", '"2026-01-01"')
    edit_card(twins[1], "version", '"2"')

    done = compare(*twins)

    assert (done.returncode, done.stdout) == (0, "the same bytes\n")


def test_what_was_timed_and_how_it_was_signed_does_not_count(twins: tuple[Path, Path]) -> None:
    for bundle, microseconds in zip(twins, (1.5, 2.5), strict=True):
        bundle_writer.add_metrics(bundle, {"cost": {"fast_us": microseconds}})
        (bundle / "signature.json").write_text(f"of {bundle.name}")

    done = compare(*twins)

    assert (done.returncode, done.stdout) == (0, "the same bytes\n")


def test_another_figure_of_the_card_counts(twins: tuple[Path, Path]) -> None:
    bundle_writer.add_metrics(twins[1], {"recall": 0.5})

    assert compare(*twins).stdout == f"{CARD} differ\n"


def test_every_file_that_differs_is_named(twins: tuple[Path, Path]) -> None:
    (twins[1] / GRAPH).write_bytes(b"another")
    (twins[1] / "second.onnx").write_bytes(b"one more")
    edit_card(twins[1], "threshold", "0.123")

    done = compare(*twins)

    assert (done.returncode, done.stdout) == (1, f"{CARD}, {GRAPH}, second.onnx differ\n")


def test_every_card_names_what_its_bytes_depend_on(tmp_path: Path) -> None:
    bundle_writer.write_bundle(tmp_path, b"graph", {"version": "1"})

    written = (tmp_path / CARD).read_text()
    assert "[reproducibility]" in written
    assert reproducibility.code_digest() in written
    assert "[reproducibility.packages]\nnumpy = " in written
    assert str(Path.home()) not in written


def test_any_change_of_code_or_lexicons_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "models" / "sms" / "1").mkdir(parents=True)
    seen = set()
    for name, content in (("a.py", "1"), ("a.py", "2"), ("b.toml", ""), ("c.md", "")):
        (tmp_path / name).write_text(content)
        seen.add(reproducibility.code_digest(tmp_path))
    (tmp_path / "models" / "sms" / "1" / "card.toml").write_text("a bundle")

    assert len(seen) == 4
    assert reproducibility.code_digest(tmp_path) in seen
