"""What texts are learned from calls."""

from classifiers.training.text.call_transcripts import texts

DIALOGUE = (
    "left: 您好，我是某快递公司的客服小王，请问是您吗？ right: 是的，请问有什么事情需要我处理吗？ "
    "left: 您的包裹在运输途中丢失了，我们可以给您赔付。 right: 好的"
)


def test_of_a_fraud_call_only_the_caller_is_learned() -> None:
    found = list(texts(DIALOGUE, "fraud"))

    assert found[0] == "您好，我是某快递公司的客服小王，请问是您吗？"
    assert found[1] == found[0] + "您的包裹在运输途中丢失了，我们可以给您赔付。"
    assert not [text for text in found if "有什么事情" in text]


def test_of_a_harmless_call_both_sides_are_learned() -> None:
    assert "是的，请问有什么事情需要我处理吗？" in list(texts(DIALOGUE, "ham"))


def test_turns_of_a_failed_generator_and_short_ones_are_left_out() -> None:
    failed = "left: API调用失败，请检查网络连接后再试一次 right: 好的 left: 再见"

    assert list(texts(failed, "ham")) == []


def test_a_non_dialogue_gives_no_text() -> None:
    assert list(texts("您好，我是客服，请问您方便吗？现在可以办理", "fraud")) == []
