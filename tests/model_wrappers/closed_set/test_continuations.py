import pytest
import torch
from toy_requests import ask, pictures, score
from transformers import AutoModelForImageTextToText, AutoProcessor

from emt_tasks.errors import EmtError
from model_wrappers.closed_set.continuations import answer_length
from model_wrappers.generating.prompts import VICUNA_V1, Prompts
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava

ANSWERS = [" cat", " The object is a(n) ship.", " 7", " dog, or horse"]


@torch.no_grad()
def transformers_loss(folder, prompt, answer, row):
    """The library's own loss of one row, with the prompt masked."""
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    text = Prompts(processor, VICUNA_V1).text(prompt, 1)
    answer = answer.lstrip() if text[-1].isspace() else answer
    inputs = processor(text=text + answer, images=row["image"], return_tensors="pt")
    context = processor(text=text, images=row["image"], return_tensors="pt")["input_ids"].shape[1]
    labels = inputs["input_ids"].clone()
    labels[:, :context] = -100
    made = model(**inputs, labels=labels)
    greedy = made.logits[0, context - 1 : -1].argmax(dim=-1).equal(labels[0, context:])
    return float(made.loss), greedy


@pytest.mark.parametrize(("model", "folder"), [(EmtLlava, "llava_folder"), (EmtHf, "qwen_folder")])
@pytest.mark.parametrize("size", [1, 7])
def test_the_value_of_an_answer_is_transformers_own_loss(model, folder, size, request):
    folder, rows = request.getfixturevalue(folder), pictures(3)
    asked = [("What?" * (1 + row), answer, row) for row in range(3) for answer in ANSWERS]
    lm = model(pretrained=str(folder), batch_size=size, device="cpu")
    found = ask(lm, [score(*each) for each in asked], rows)
    for (prompt, answer, row), (loss, greedy) in zip(asked, found, strict=True):
        wanted, wanted_greedy = transformers_loss(folder, prompt, answer, rows[row])
        assert loss == pytest.approx(wanted, abs=1e-4)
        assert greedy == wanted_greedy


def test_the_likeliest_answer_has_the_least_loss_and_is_greedy(coloured_folder):
    from PIL import Image
    from toy_models import QUESTIONS

    lm = EmtLlava(pretrained=str(coloured_folder), batch_size=4, device="cpu")
    rows = [{"image": Image.new("RGB", (16, 16), colour)} for colour in ("red", "blue")]
    answers = [" The object is a(n) ship.", " The object is a(n) cat."]
    found = ask(lm, [score(QUESTIONS[0], answer, row) for row in range(2) for answer in answers], rows)
    assert [greedy for _, greedy in found] == [True, False, False, True]
    assert found[0][0] < found[1][0]
    assert found[3][0] < found[2][0]


def test_an_answer_may_be_made_from_the_row_or_stand_alone(llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu")
    rows = [row | {"label": " cat"} for row in pictures(1)]
    alone = score("", " cat")
    alone.arguments = ("", " cat")
    made, said, bare = ask(lm, [score("What?", lambda doc: doc["label"]), score("What?", " cat"), alone], rows)
    assert made.loss == pytest.approx(said.loss, abs=1e-4)
    assert abs(bare.loss - said.loss) > 1e-2


def test_tokens_that_join_prompt_and_answer_belong_to_the_answer(llava_folder):
    tokenizer = AutoProcessor.from_pretrained(llava_folder).tokenizer
    whole = tokenizer("in the image ship", add_special_tokens=False)["input_ids"]
    assert answer_length(tokenizer, "in the image", " ship") == len(whole) - len(
        tokenizer("in the image", add_special_tokens=False)["input_ids"]
    )
    assert answer_length(tokenizer, "in the im", "age") >= 1
    with pytest.raises(EmtError, match="adds no token"):
        answer_length(tokenizer, "in the image", "")
