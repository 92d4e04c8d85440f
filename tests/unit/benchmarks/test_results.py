"""Where the JSON of a benchmark goes."""

import json
from pathlib import Path

import pytest
import typer

from benchmarks import results


def test_a_result_names_its_subject_and_its_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.write("load", {"rate": 7}, save=True, folder=tmp_path / "new")

    (file,) = (tmp_path / "new").iterdir()
    printed = json.loads(capsys.readouterr().out)
    assert json.loads(file.read_text()) == printed
    assert file.name.endswith("-load.json")
    assert {"kind", "at", "commit", "cpu", "cores", "load_average", "packages", "rate"} <= set(
        printed
    )


def test_without_save_no_file_is_written(tmp_path: Path) -> None:
    results.write("load", {}, save=False, folder=tmp_path)

    assert not list(tmp_path.iterdir())


def test_an_unwritable_result_is_printed_and_fails_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(typer.Exit):
        results.write("load", {"rate": 7}, save=True, folder=tmp_path / "file")

    output = capsys.readouterr()
    assert json.loads(output.out)["rate"] == 7
    assert "not kept, only printed" in output.err
