"""Compose files follow the Compose specification."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.validators import validator_for

from tests.support.checkout import CHECKOUT

FILES = sorted((CHECKOUT / "deploy" / "compose").glob("*.yml"))


@pytest.fixture(scope="module")
def specification() -> Any:
    schema: dict[str, Any] = get_builtin_schema("vendor.compose-spec")
    return validator_for(schema)(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_follows_the_specification(specification: Any, file: Path) -> None:
    faults = specification.iter_errors(yaml.safe_load(file.read_text()))

    assert [fault.message for fault in faults] == []


@pytest.mark.parametrize("fault", [{"read_onyl": True}, {"stop_grace_period": 20}])
def test_a_key_or_value_that_compose_does_not_know_is_found(
    specification: Any, fault: dict[str, Any]
) -> None:
    file = {"services": {"fanzha": {"build": ".", **fault}}}

    assert not specification.is_valid(file)
