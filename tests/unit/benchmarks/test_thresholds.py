from pathlib import Path

from benchmarks import thresholds
from benchmarks.thresholds import Cell, Floor

FLOOR = Floor(channel="call", batch=16, per_round=2.0, p99_ms=50)


def cell(**changes: float) -> Cell:
    values = {"per_round": 2.5, "p99_ms": 8.0, "failed_share": 0.0} | changes
    return Cell(channel="call", batch=16, **values)


def faults(*cells: Cell) -> tuple[str, ...]:
    (verdict,) = thresholds.judge([FLOOR], cells)
    return verdict.faults


def test_a_cell_at_its_floor_holds() -> None:
    assert faults(cell()) == ()
    assert faults(cell(per_round=2.0, p99_ms=50)) == ()


def test_each_missed_threshold_is_reported() -> None:
    assert "not 2" in faults(cell(per_round=1.9))[0]
    assert "p99 51.0 ms" in faults(cell(p99_ms=51))[0]
    assert "1.00% without a decision" in faults(cell(failed_share=0.01))[0]
    assert len(faults(cell(per_round=1.9, p99_ms=51, failed_share=0.01))) == 3


def test_a_floor_that_was_not_measured_is_missed() -> None:
    assert faults() == ("not measured",)
    assert faults(Cell(channel="text", batch=16, per_round=9, p99_ms=1, failed_share=0)) == (
        "not measured",
    )


def test_a_figure_that_is_no_number_misses_its_threshold() -> None:
    nan = float("nan")

    assert len(faults(cell(per_round=nan, p99_ms=nan))) == 2


def test_the_floors_name_every_channel_at_every_batch_size_once() -> None:
    floors = thresholds.read()

    cells = [(floor.channel, floor.batch) for floor in floors]
    assert sorted(cells) == sorted(
        (channel, batch) for channel in ("call", "text", "link") for batch in (1, 16, 256, 1024)
    )
    assert all(floor.per_round > 0 and floor.p99_ms > 0 for floor in floors)


def test_floors_are_read_from_any_file(tmp_path: Path) -> None:
    file = tmp_path / "floors.toml"
    file.write_text('[[floor]]\nchannel = "call"\nbatch = 16\nper_round = 2.0\np99_ms = 50\n')

    assert thresholds.read(file) == (FLOOR,)
