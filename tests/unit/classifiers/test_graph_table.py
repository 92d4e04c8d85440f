"""Tables taken out of graphs: the same numbers, and whatever else is in the file stays."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from classifiers import bundles, card, graph_table
from classifiers.onnx_model import CONSTANT, OnnxModel, read_table

TABLE = np.arange(12, dtype=np.int8).reshape(3, 4)


def a_graph(*more_nodes: onnx.NodeProto, table: np.ndarray = TABLE, op: str = "Identity") -> bytes:
    nodes = [
        helper.make_node("Neg", ["x"], ["y"]),
        helper.make_node(op, ["table"], [CONSTANT]),
        *more_nodes,
    ]
    made = helper.make_graph(
        nodes,
        "with a table",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows"])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows"]),
            helper.make_tensor_value_info(CONSTANT, TensorProto.INT8, table.shape),
        ],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def test_the_graph_without_its_table_is_valid_and_computes_the_same() -> None:
    found = graph_table.split(a_graph(), CONSTANT, "first")

    assert found is not None
    assert found.table.tolist() == TABLE.tolist()
    rest = onnx.load_from_string(found.graph)
    onnx.checker.check_model(rest, full_check=True)
    assert [one.name for one in rest.graph.output] == ["y"]
    assert list(rest.graph.initializer) == []
    session = onnxruntime.InferenceSession(found.graph)
    assert session.run(["y"], {"x": np.ones(2, np.float32)})[0].tolist() == [-1, -1]


@pytest.mark.parametrize(
    "content",
    [
        a_graph(helper.make_node("Cast", ["table"], ["wide"], to=TensorProto.FLOAT)),
        a_graph(table=TABLE.astype(np.int32)),
        a_graph(op="Neg"),
        b"",
        b"no graph at all",
    ],
    ids=["used elsewhere", "wide numbers", "computed", "empty", "damaged"],
)
def test_any_other_graph_is_left_as_it_is(content: bytes) -> None:
    assert graph_table.split(content, CONSTANT, "other") is None


@pytest.mark.parametrize("channel", ["sms", "url"])
def test_the_tables_of_shipped_models_are_those_their_graphs_give(channel: str) -> None:
    bundle = bundles.newest(bundles.SHIPPED, channel)
    graph = card.read_graph(bundle, card.read(bundle))

    found = graph_table.split(graph, CONSTANT, f"test {channel}")

    assert found is not None
    tensors = {one.name: one for one in onnx.load_from_string(graph).graph.initializer}
    assert np.array_equal(found.table, numpy_helper.to_array(tensors["table"]))
    assert len(found.graph) + found.table.nbytes < len(graph) + 1000


def test_a_table_is_in_memory_once_however_often_its_model_is_loaded() -> None:
    bundle = bundles.newest(bundles.SHIPPED, "url")
    read_table(bundle)

    first, second = (OnnxModel(bundle).constant({}) for _ in range(2))

    assert first is second
    assert not first.flags.writeable


@given(st.data())
def test_damage_never_gives_another_error_or_a_wrong_table(data: st.DataObject) -> None:
    content = bytearray(a_graph())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))

    for damaged in (bytes(content), bytes(content[:cut])):
        found = graph_table.split(damaged, CONSTANT, f"{hash(damaged)}")
        assert found is None or found.table.size == TABLE.size


def test_few_tables_are_kept(tmp_path: Path) -> None:
    for number in range(9):
        graph_table.split(a_graph(), CONSTANT, f"kept {number}")

    assert len(graph_table._known) <= 4  # noqa: SLF001


def test_metadata_is_taken_out_of_a_model_that_computes_the_same() -> None:
    model = onnx.load_from_string(a_graph())
    for key, value in (("kept", "first"), ("taken", "要紧" * 100), ("other", "")):
        model.metadata_props.add(key=key, value=value)

    found = graph_table.take_metadata(model.SerializeToString(), "taken")

    assert found is not None
    rest, text = found
    assert text == "要紧" * 100
    left = onnx.load_from_string(rest)
    assert {one.key: one.value for one in left.metadata_props} == {"kept": "first", "other": ""}
    assert left.graph == model.graph


@pytest.mark.parametrize("content", [a_graph(), b"", b"no graph at all"])
def test_there_is_no_metadata_to_take_where_a_model_has_none(content: bytes) -> None:
    assert graph_table.take_metadata(content, "taken") is None
