"""Files of entities: columns, several identifiers in a cell, and what is missing."""

from pathlib import Path

import pytest
import typer

from fanzha.v1 import entity_pb2 as pb
from services.cli.entities import import_file

HEADER = "name,kind,financial_fraud,hosts,numbers,region\n"


def test_a_row_is_an_entity_with_all_its_identifiers(tmp_path: Path) -> None:
    file = tmp_path / "entities.csv"
    file.write_text(HEADER + "示例贷,platform,online_lending,a.example; b.example,,3301\n")

    ((line, entity),) = import_file.read(file, "2026")

    assert isinstance(entity, pb.Entity)
    assert (line, entity.name, entity.cleanup, entity.region) == (2, "示例贷", "2026", "3301")
    assert entity.kind == pb.ENTITY_KIND_PLATFORM
    assert [one.value for one in entity.identifiers] == ["a.example", "b.example"]


def test_a_row_with_an_unknown_word_is_named_and_stops_no_other(tmp_path: Path) -> None:
    file = tmp_path / "entities.csv"
    file.write_text(
        HEADER + "a,app,nonsense,,,\nb,shop,online_lending,,,\nc,app,online_lending,,,\n"
    )

    (_, first), (_, second), (line, third) = import_file.read(file, "2026")

    assert str(first).startswith("financial_fraud: 'nonsense'")
    assert str(second).startswith("kind: 'shop'")
    assert isinstance(third, pb.Entity)
    assert (line, third.name) == (4, "c")


def test_a_file_without_required_columns_ends_the_command(tmp_path: Path) -> None:
    file = tmp_path / "entities.csv"
    file.write_text("name,kind\nx,app\n")

    with pytest.raises((typer.Exit, SystemExit)):
        list(import_file.read(file, "2026"))
