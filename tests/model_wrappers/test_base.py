import weakref

import pytest
import torch
from lmms_eval.api.model import lmms
from PIL import Image
from toy_adapters import lora
from toy_requests import SPLIT, TASK, ask, generate, pictures, score

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava


@pytest.fixture(scope="module")
def lm(llava_folder):
    return EmtLlava(pretrained=str(llava_folder), batch_size=4, device="cpu")


def test_it_is_a_simple_model_of_the_harness_made_from_its_argument_string(llava_folder):
    lm = EmtLlava.create_from_arg_string(
        f"pretrained={llava_folder},dtype=float32", {"batch_size": "4", "max_batch_size": None, "device": "cpu"}
    )
    assert isinstance(lm, lmms)
    assert lm.is_simple
    assert (lm.batch_size, lm.rank, lm.world_size, lm.device) == (4, 0, 1, torch.device("cpu"))
    assert lm.accelerator.num_processes == 1


def test_the_model_outlives_the_harness_s_cleaning(lm):
    rows = pictures(2)
    before = ask(lm, [generate("What?", row) for row in range(2)], rows)
    lm.clean()
    assert ask(lm, [generate("What?", row) for row in range(2)], rows) == before


def test_answers_come_in_the_order_of_requests_whatever_their_lengths_and_settings(lm):
    rows = pictures(6)
    asked = [
        generate("What? " * (1 + row % 3), row, max_new_tokens=3 + row % 2, until=["x"] if row % 2 else [])
        for row in range(6)
    ]
    together = ask(lm, asked, rows)
    assert together == [ask(lm, [one], rows)[0] for one in asked]
    assert ask(lm, asked[::-1], rows) == together[::-1]
    assert ask(lm, [*asked, *asked], rows) == together * 2


def test_no_requests_no_answers(lm):
    lm.task_dict = {}
    assert lm.generate_until([]) == []
    assert lm.loglikelihood([]) == []


def test_each_batch_is_reported_with_its_requests_and_their_answers(lm):
    rows, told = pictures(10), []
    lm.task_dict = {TASK: {SPLIT: rows}}
    lm.on_batch = told.append
    asked = [generate("What?", row) for row in range(10)]
    answers = lm.generate_until(asked)
    assert len(told) > 1
    assert max(len(batch) for batch in told) <= 4
    pairs = [pair for batch in told for pair in batch]
    assert [(id(request), answer) for request, answer in pairs] == list(zip(map(id, asked), answers, strict=True))
    told.clear()
    values = lm.loglikelihood([score("What?", " cat", row) for row in range(3)])
    assert [value for batch in told for _, value in batch] == values
    assert all(isinstance(loss, float) and isinstance(greedy, bool) for loss, greedy in values)


def test_what_was_answered_before_an_error_was_reported(lm):
    rows, told = [*pictures(5), {"image": "film.mp4"}], []
    lm.task_dict = {TASK: {SPLIT: rows}}
    lm.on_batch = told.append
    with pytest.raises(EmtError, match=r"row 5 of toy"):
        lm.generate_until([generate("What?", row) for row in range(6)])
    assert [request.args[3] for batch in told for request, _ in batch] in ([0, 1, 2, 3], [0, 1, 2])


def test_a_bar_is_shown_where_nobody_else_shows_progress(lm, capfd):
    rows = pictures(2)
    ask(lm, [generate("What?", row) for row in range(2)], rows)
    assert "emt_llava" not in capfd.readouterr().err
    lm.on_batch = None
    lm.generate_until([generate("What?", row) for row in range(2)])
    assert "emt_llava: 100%" in capfd.readouterr().err
    lm._rank = 1
    try:
        lm.generate_until([generate("What?", row) for row in range(2)])
    finally:
        lm._rank = 0
    assert "emt_llava" not in capfd.readouterr().err


def test_rows_with_no_picture_one_and_two_go_together(lm):
    rows = [{"image": row["image"], "count": place % 3} for place, row in enumerate(pictures(6))]
    asked = [generate("What?", row) for row in range(6)]
    for request in asked:
        context, given, _, *rest = request.arguments
        request.arguments = (context, given, lambda doc: [doc["image"]] * doc["count"], *rest)
    together = ask(lm, asked, rows)
    assert together == [ask(lm, [one], rows)[0] for one in asked]


def test_pictures_of_any_mode_are_answered_as_their_rgb_is(lm):
    colours = [Image.new("RGBA", (5, 9), (200, 10, 10, 7)), Image.new("L", (1, 1), 80), Image.new("P", (30, 3), 4)]
    rows = [{"image": picture} for picture in colours]
    plain = [{"image": picture.convert("RGB")} for picture in colours]
    asked = [generate("What?", row) for row in range(3)]
    assert ask(lm, asked, rows) == ask(lm, asked, plain)


def test_an_adapter_changes_answers_and_goes_again(lm, llava_folder, tmp_path):
    rows = pictures(8)
    asked = [generate("What?", row) for row in range(8)]
    adapter = str(lora(llava_folder, tmp_path / "adapter"))
    bare, mark = ask(lm, asked, rows), lm.weights_fingerprint()
    lm.use_adapter(adapter)
    tuned = ask(lm, asked, rows)
    assert tuned != bare
    assert lm.weights_fingerprint() != mark
    alone = EmtLlava(pretrained=str(llava_folder), peft=adapter, batch_size=3, device="cpu")
    assert ask(alone, asked, rows) == tuned
    lm.use_adapter(None, None)
    assert ask(lm, asked, rows) == bare
    assert lm.weights_fingerprint() == mark


def test_a_wrong_adapter_leaves_the_base_alone(lm, llava_folder, wide_folder, tmp_path):
    rows = pictures(2)
    asked = [generate("What?", row) for row in range(2)]
    bare, mark = ask(lm, asked, rows), lm.weights_fingerprint()
    lm.use_adapter(str(lora(llava_folder, tmp_path / "right")))
    with pytest.raises(EmtError, match=r"hidden size 64\) can't load on .* \(32\)"):
        lm.use_adapter(str(lora(wide_folder, tmp_path / "wrong")))
    assert ask(lm, asked, rows) == bare
    assert lm.weights_fingerprint() == mark


def test_a_checkpoint_of_another_family_is_sent_elsewhere(qwen_folder):
    with pytest.raises(EmtError, match=r"no model type of emt_llava 'qwen2_vl'.*use --model emt_hf"):
        EmtLlava(pretrained=str(qwen_folder), device="cpu")


def test_missing_folders_and_arguments_are_said_before_anything_is_loaded(tmp_path):
    with pytest.raises(EmtError, match="there is no such folder"):
        EmtLlava(pretrained=str(tmp_path / "nowhere"), device="cpu")
    with pytest.raises(EmtError, match="not in the hub's cache"):
        EmtLlava(device="cpu")
    with pytest.raises(UnknownName, match="Did you mean 'pretrained'"):
        EmtHf(pretraned="x")


def test_tasks_of_several_rounds_are_refused(lm):
    with pytest.raises(EmtError, match="toy has several rounds"):
        lm.generate_until_multi_round([generate("What?")])


def test_with_auto_a_batch_too_large_is_halved_and_with_a_number_it_is_an_error(llava_folder, monkeypatch):
    rows = pictures(9)
    asked = [generate("What?", row) for row in range(9)]
    lm = EmtLlava(pretrained=str(llava_folder), batch_size="auto", max_batch_size=8, device="cpu")
    wanted = ask(lm, asked, rows)
    before = type(lm.model).generate

    def small(self, **given):
        if len(given["input_ids"]) > 3:
            raise torch.OutOfMemoryError("too much")
        return before(self, **given)

    monkeypatch.setattr(type(lm.model), "generate", small)
    assert ask(lm, asked, rows) == wanted
    assert lm.batch_size == 2
    fixed = EmtLlava(pretrained=str(llava_folder), batch_size=8, device="cpu")
    with pytest.raises(EmtError, match=r"\d images at once are too many.*Pass --batch_size auto"):
        ask(fixed, asked, rows)


def test_no_more_pictures_are_held_than_two_batches_have(lm):
    alive, most = weakref.WeakValueDictionary(), []

    class Rows:
        """As many pictures as are asked for, each made when it is."""

        def __getitem__(self, row):
            picture = Image.new("RGB", (16, 16), (row % 256, 0, 0))
            alive[row] = picture
            most.append(len(alive))
            return {"image": picture}

    ask(lm, [generate("What?", row, max_new_tokens=1) for row in range(60)], Rows())
    assert len(most) == 60
    assert max(most) <= 3 * lm.batch_size  # one batch in the model (or two), one ready, one in the making
