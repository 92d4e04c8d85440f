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

    assert (line, entity.name, entity.cleanup, entity.region) == (2, "示例贷", "2026", "3301")
    assert entity.kind == pb.ENTITY_KIND_PLATFORM
    assert [one.value for one in entity.identifiers] == ["a.example", "b.example"]


@pytest.mark.parametrize("text", ["name,kind\nx,app\n", HEADER + "x,shop,online_lending,,,\n"])
def test_a_file_that_cannot_be_read_ends_the_command(tmp_path: Path, text: str) -> None:
    file = tmp_path / "entities.csv"
    file.write_text(text)

    with pytest.raises((typer.Exit, typer.BadParameter, SystemExit)):
        list(import_file.read(file, "2026"))
