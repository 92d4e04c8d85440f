from pathlib import Path

import pytest
import typer

from services.cli import bench


def test_outside_a_checkout_it_says_where_benchmarks_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        bench.run("load", [], checkout=tmp_path)

    assert ended.value.exit_code == 2
    assert "clone the repository" in capsys.readouterr().err


def test_a_benchmark_that_a_checkout_lacks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmarks").mkdir()

    with pytest.raises(typer.Exit) as ended:
        bench.run("load", [], checkout=tmp_path)

    assert ended.value.exit_code == 2
    assert "benchmarks.load" in capsys.readouterr().err


def test_options_are_handed_on_and_the_status_comes_back(tmp_path: Path) -> None:
    module = tmp_path / "benchmarks" / "load" / "__main__.py"
    module.parent.mkdir(parents=True)
    for folder in (module.parent, module.parent.parent):
        (folder / "__init__.py").touch()
    module.write_text(
        "import sys; from pathlib import Path\n"
        "Path(sys.argv[2]).write_text(sys.argv[1]); sys.exit(3)\n"
    )

    status = bench.run("load", ["--rate=7", str(tmp_path / "seen")], checkout=tmp_path)

    assert status == 3
    assert (tmp_path / "seen").read_text() == "--rate=7"


@pytest.mark.parametrize("name", ["load", "quick", "overload", "h2load", "client"])
def test_this_checkout_has_the_benchmark(name: str) -> None:
    module, _ = bench.COMMANDS[name]

    assert bench.module_file(bench.CHECKOUT, module) is not None
