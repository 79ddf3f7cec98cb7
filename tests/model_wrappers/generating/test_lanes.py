import threading

import pytest
import torch
import toy_models
from toy_adapters import lora
from toy_requests import ask, generate, pictures

from model_wrappers.generating.lanes import Lanes, lanes_for
from model_wrappers.generating.settings import read_settings
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava


@pytest.fixture(params=[1, 2])
def cores(request):
    """As many cores for torch as the parameter says."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def of_weights(count):
    return torch.nn.Linear(count, 1, bias=False, device="meta")


def test_two_batches_go_side_by_side_where_a_cpu_has_cores_for_them(cores):
    assert lanes_for(of_weights(5_000_000), torch.device("cpu")) == cores


@pytest.mark.parametrize("cores", [2], indirect=True)
def test_large_models_tiny_ones_and_gpus_take_one_batch_at_a_time(cores):
    assert lanes_for(of_weights(200_000_000), torch.device("cpu")) == 1
    assert lanes_for(of_weights(50_000), torch.device("cpu")) == 1
    assert lanes_for(of_weights(5_000_000), torch.device("cuda", 0)) == 1


@pytest.fixture
def two_lanes(cores, monkeypatch):
    """Lanes for models of any size."""
    monkeypatch.setattr("model_wrappers.generating.lanes.SMALLEST", 0)


both = pytest.mark.parametrize("cores", [2], indirect=True)


@both
@pytest.mark.parametrize(("model", "folder"), [(EmtLlava, "llava_folder"), (EmtHf, "qwen_folder")])
def test_answers_are_those_of_one_lane(model, folder, two_lanes, request):
    rows = pictures(31)
    asked = [generate("What? " * (1 + row % 4), row) for row in range(31)]
    one, two = (model(pretrained=str(request.getfixturevalue(folder)), batch_size=3, device="cpu") for _ in range(2))
    one._generator = Lanes(one.model, one.tokenizer, 1)
    assert two._generator.count == 2
    found = ask(one, asked, rows)
    assert ask(two, asked, rows) == found
    assert len(set(found)) > 25


@both
def test_drawn_answers_come_one_batch_after_the_other_so_that_a_seed_repeats_them(two_lanes, llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), batch_size=3, device="cpu")
    lm._answered, counts = _counted(lm._answered)
    asked = [generate("What?", row, do_sample=True, temperature=2.0, max_new_tokens=8) for row in range(12)]
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        found.append(ask(lm, asked, pictures(12)))
    assert found[0] == found[1]
    ask(lm, [generate("What?", 0)], pictures(1))
    assert counts == [1, 1, 2]


def _counted(answered):
    """`answered`, and a list of how many lanes each call of it asked for."""
    counts = []

    def noted(*given, lanes=1):
        counts.append(lanes)
        return answered(*given, lanes=lanes)

    return noted, counts


def test_copies_share_weights_and_nothing_that_changes(llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), device="cpu")
    lanes, seen, together = Lanes(lm.model, lm.tokenizer, 2), [], threading.Barrier(2, timeout=20)

    def note(module, _arguments):
        if module not in seen:
            seen.append(module)
            together.wait()

    lm.model.register_forward_pre_hook(note)
    ready = lm._preparation._preprocessor.inputs(["USER: <image>\nWhat? ASSISTANT:"], [[pictures(1)[0]["image"]]])
    settings = read_settings({"max_new_tokens": 2})
    threads = [threading.Thread(target=lanes.answers, args=(ready, ["p"], settings)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, other = seen
    assert one is not other
    assert all(a is b for a, b in zip(one.parameters(), other.parameters(), strict=True))


@both
def test_every_lane_has_the_adapter_that_is_on(llava_folder, two_lanes, tmp_path):
    rows = pictures(12)
    asked = [generate("What?", row) for row in range(12)]
    lm = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu")
    bare = ask(lm, asked, rows)
    lm.use_adapter(str(lora(llava_folder, tmp_path / "adapter")))
    tuned = ask(lm, asked, rows)
    lm.use_adapter(None)
    assert ask(lm, asked, rows) == bare
    assert all(one != other for one, other in zip(bare, tuned, strict=True))


@both
def test_a_beginning_learnt_in_one_lane_is_tried_in_all(coloured_folder, two_lanes):
    lm = EmtLlava(pretrained=str(coloured_folder), batch_size=2, device="cpu")
    ask(lm, [generate(toy_models.QUESTIONS[0], row) for row in range(12)], pictures(12))
    assert len(lm._generator.drafts._shared) == 1
