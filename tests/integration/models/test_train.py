"""What `fanzha train` says where it cannot train."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from classifiers import bundles
from services.cli.train import PACKAGES
from tests.support.processes import run

CAN_TRAIN = all(find_spec(package) for package in PACKAGES)


@pytest.mark.parametrize("channel", ["text", "link", "call"])
def test_training_without_its_tables_fails_with_one_sentence(channel: str, tmp_path: Path) -> None:
    done = run("train", channel, "--data", str(tmp_path), "--out", str(tmp_path / "7"))

    assert done.returncode == 2
    if CAN_TRAIN:
        # The training took all options, and looked for its tables.
        assert "No such file or directory" in done.stderr
        assert "the training ended with status 1" in done.stderr.replace("\n", " ")
    else:
        assert "pip install 'fanzha[train]'" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "7" / "card.toml").exists()


def test_an_existing_bundle_is_not_overwritten(tmp_path: Path) -> None:
    bundle = bundles.newest(bundles.SHIPPED, "caller")
    before = (bundle / "card.toml").read_bytes()

    done = run("train", "call", "--data", str(tmp_path), "--out", str(bundle))

    assert done.returncode == 2
    assert ("never changed" if CAN_TRAIN else "training needs") in done.stderr
    assert (bundle / "card.toml").read_bytes() == before


def test_training_on_a_simulation_refuses_tables(tmp_path: Path) -> None:
    done = run("train", "velocity", "--data", str(tmp_path), "--out", str(tmp_path / "7"))

    assert done.returncode == 2
    assert ("does not need --data" if CAN_TRAIN else "training needs") in done.stderr


def test_training_on_a_simulation_refuses_examples(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("label\n")

    done = run("train", "velocity", "--out", str(tmp_path / "7"), "--examples", str(path))

    assert done.returncode == 2
    assert "training velocity takes no --examples: it learns from a simulation" in done.stderr
