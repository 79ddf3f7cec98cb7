import threading

import pytest
import torch
import toy_models
from toy_adapters import lora
from toy_requests import ask, generate, pictures

from model_wrappers.hf import EmtHf
from model_wrappers.lanes import Lanes, lanes_for
from model_wrappers.llava import EmtLlava


@pytest.fixture(params=[1, 2])
def cores(request):
    """As many cores for torch as the parameter says."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_two_batches_go_side_by_side_where_a_cpu_has_cores_for_them(cores, llava_folder):
    assert EmtLlava(pretrained=str(llava_folder), device="cpu")._generator.count == cores


def test_large_models_and_gpus_take_one_batch_at_a_time():
    class Large:
        def parameters(self):
            return [torch.empty(200_000_000, device="meta")]

    small = torch.nn.Linear(1, 1)
    assert lanes_for(Large(), torch.device("cpu")) == 1
    assert lanes_for(small, torch.device("cuda", 0)) == 1


@pytest.mark.parametrize(("model", "folder"), [(EmtLlava, "llava_folder"), (EmtHf, "qwen_folder")])
def test_answers_are_those_of_one_lane(model, folder, request):
    rows, before, found = pictures(31), torch.get_num_threads(), []
    asked = [generate("What? " * (1 + row % 4), row) for row in range(31)]
    try:
        for cores in (1, 2):
            torch.set_num_threads(cores)
            lm = model(pretrained=str(request.getfixturevalue(folder)), batch_size=3, device="cpu")
            found.append(ask(lm, asked, rows))
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
    assert len(set(found[0])) > 25


def test_copies_share_weights_and_nothing_that_changes(llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), device="cpu")
    lanes, seen, together = Lanes(lm.model, lm.tokenizer, 2), [], threading.Barrier(2, timeout=20)

    def note(module, _arguments):
        if module not in seen:
            seen.append(module)
            together.wait()

    lm.model.register_forward_pre_hook(note)
    ready = lm._preparation._preprocessor.inputs(["USER: <image>\nWhat? ASSISTANT:"], [[pictures(1)[0]["image"]]])
    settings = toy_settings()
    threads = [threading.Thread(target=lanes.answers, args=(ready, ["p"], settings)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = seen
    assert one is not other
    assert all(a is b for a, b in zip(one.parameters(), other.parameters(), strict=True))


def toy_settings():
    from model_wrappers.settings import read_settings

    return read_settings({"max_new_tokens": 2})


def test_every_lane_has_the_adapter_that_is_on(llava_folder, tmp_path):
    rows, before = pictures(12), torch.get_num_threads()
    asked = [generate("What?", row) for row in range(12)]
    torch.set_num_threads(2)
    try:
        lm = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu")
        bare = ask(lm, asked, rows)
        lm.use_adapter(str(lora(llava_folder, tmp_path / "adapter")))
        tuned = ask(lm, asked, rows)
        lm.use_adapter(None)
        assert ask(lm, asked, rows) == bare
    finally:
        torch.set_num_threads(before)
    assert all(one != other for one, other in zip(bare, tuned, strict=True))


def test_a_beginning_learnt_in_one_lane_is_tried_in_all(coloured_folder):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        lm = EmtLlava(pretrained=str(coloured_folder), batch_size=2, device="cpu")
        ask(lm, [generate(toy_models.QUESTIONS[0], row) for row in range(12)], pictures(12))
        assert len(lm._generator.drafts._shared) == 1
    finally:
        torch.set_num_threads(before)
