"""The report on warnings as a file."""

import csv
from pathlib import Path

from fanzha.v1 import warning_report_pb2 as pb
from services.cli.report import display


def test_the_file_is_for_its_owner_alone_and_holds_no_formula(tmp_path: Path) -> None:
    group = pb.WarningGroup(name="=cmd|' /C calc'!A0", figures=pb.WarningFigures())
    file = tmp_path / "report.csv"

    display.write_csv(pb.WarningReport(groups=[group]), "source", file)

    head, _, row = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
    assert dict(zip(head, row, strict=True))["group"] == "'=cmd|' /C calc'!A0"
    assert file.stat().st_mode & 0o777 == 0o600
