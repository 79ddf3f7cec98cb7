"""emt_lens on toy models of the true architectures."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
import torch
import toy_lens
import toy_sets
from safetensors.torch import load_file, save_file
from toy_requests import ask, generate, pictures, score
from transformers import AutoProcessor, AutoTokenizer, BlipForConditionalGeneration, T5ForConditionalGeneration

from emt_tasks import harness
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.runs.evaluation import Evaluation
from model_wrappers.generating.questions import generation_questions
from model_wrappers.lens import EmtLens
from model_wrappers.lens_stages import captions as lens_captions
from model_wrappers.lens_stages.captions import Captioner, SeededTopK

QUESTION = "What is the object in the image? Please only answer a single object in airplane, ship."
LABELS = (" airplane", " ship", " red bird")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Models this small only wait for each other's threads where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict[str, str]:
    return {**toy_lens.saved(tmp_path_factory.mktemp("lens")), "device": "cpu", "num_captions": 2, "threshold": -1}


@pytest.fixture(scope="module")
def lm(given) -> EmtLens:
    return EmtLens(**given, batch_size=3)


def prompts_of(lm: EmtLens, rows: list) -> list[str]:
    questions = generation_questions([generate(QUESTION, row) for row in range(len(rows))])
    return [
        prompt for ready in lm._preparation.prepared(questions, {"toy": {"test": rows}}) for prompt in lm.prompts(ready)
    ]


def test_the_language_model_reads_tags_attributes_captions_and_the_question(lm):
    prompt = prompts_of(lm, pictures(1))[0]
    lines = prompt.split("\n")
    assert (lines[0], lines[6], lines[12]) == ("Tags:", "Attributes:", "Captions:")
    assert {line.removeprefix("-") for line in lines[1:6] + lines[7:12]} <= set(toy_lens.PHRASES)
    assert lines[15:] == [f"Question:{QUESTION}", "Short Answer:"]


def test_answers_are_the_language_models_own_to_the_prompt(lm, given):
    rows = pictures(4)
    model = T5ForConditionalGeneration.from_pretrained(given["pretrained"]).eval()
    tokenizer = AutoTokenizer.from_pretrained(given["pretrained"])
    own = []
    for prompt in prompts_of(lm, rows):
        made = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=8, do_sample=False)
        own.append(tokenizer.decode(made[0], skip_special_tokens=True))
    assert ask(lm, [generate(QUESTION, row, until=[]) for row in range(4)], rows) == own


def test_batches_give_the_prompts_and_answers_of_one_by_one(lm):
    rows = pictures(7)
    asked = [generate(QUESTION + " ship" * (row % 3), row) for row in range(7)]
    assert ask(lm, asked, rows) == [ask(lm, [one], rows)[0] for one in asked]
    assert prompts_of(lm, rows) == [prompt for row in rows for prompt in prompts_of(lm, [row])]
    assert len(set(prompts_of(lm, rows))) == 7


@pytest.mark.parametrize("family", ["t5", "llama"])
def test_labels_scored_together_are_as_each_alone(given, tmp_path, family):
    folder = toy_lens.language_model(tmp_path, family)
    lm, rows = EmtLens(**{**given, "pretrained": str(folder)}, batch_size=2), pictures(3)
    asked = [score(QUESTION, label, row) for row in range(3) for label in LABELS]
    for one, request in zip(ask(lm, asked, rows), asked, strict=True):
        alone = ask(lm, [request], rows)[0]
        assert one.total == pytest.approx(alone.total, abs=1e-4)
        assert one.greedy == alone.greedy


@pytest.mark.parametrize("how", [{"device_map": "auto"}, {"load_in_8bit": "true"}])
def test_its_language_model_is_spread_or_in_few_bits_as_any_other(given, lm, how):
    other, rows = EmtLens(**{**given, **how}, batch_size=3), pictures(4)
    asked = [generate(QUESTION, row) for row in range(4)]
    assert prompts_of(other, rows) == prompts_of(lm, rows)
    scored = [score(QUESTION, label) for label in LABELS]
    near = 1e-4 if "device_map" in how else 1.0
    for one, another in zip(ask(other, scored, rows), ask(lm, scored, rows), strict=True):
        assert one.total == pytest.approx(another.total, abs=near)
    if "device_map" in how:
        assert ask(other, asked, rows) == ask(lm, asked, rows)
    else:
        assert other._model.is_loaded_in_8bit


def test_a_mode_without_captions_writes_none_and_a_threshold_leaves_tags_out(given):
    lm = EmtLens(**{**given, "mode": "vision", "threshold": "1.1"})
    assert prompts_of(lm, pictures(1)) == [f"Tag: \nAttributes: \nQuestion:{QUESTION}\nShort Answer:"]


def test_the_captioner_without_noise_is_blips_own_generate(given, monkeypatch):
    model = BlipForConditionalGeneration.from_pretrained(given["blip"]).eval()
    processor = AutoProcessor.from_pretrained(given["blip"])
    seen = [row["image"] for row in pictures(3)]
    inputs = processor(images=seen, text=["a picture of"] * 3, return_tensors="pt")
    limits = {"max_length": lens_captions.LONGEST, "min_length": lens_captions.SHORTEST}
    made = model.generate(inputs["pixel_values"], inputs["input_ids"], do_sample=False, **limits)
    own = [text[12:].strip() for text in processor.batch_decode(made, skip_special_tokens=True)]
    monkeypatch.setattr(SeededTopK, "__call__", lambda _self, _ids, scores: scores)
    captions = Captioner(model, processor.tokenizer).captions(inputs["pixel_values"], [1, 2, 3], 2)
    assert captions == [(text, text) for text in own]


def test_seeded_sampling_has_the_probabilities_of_the_likeliest_k():
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    ids, rows = torch.zeros(1, 3, dtype=torch.long), 6000
    noisy = SeededTopK(range(rows), start=3, top_k=3)(ids.expand(rows, -1), logits.expand(rows, -1))
    counts = Counter(noisy.argmax(dim=-1).tolist())
    wanted = logits[0, :3].softmax(dim=-1)
    assert [counts[token] / rows for token in range(4)] == pytest.approx([*wanted.tolist(), 0], abs=0.02)


def test_captions_of_an_image_differ_and_come_again(lm):
    ready = lm._modules.inputs([row["image"] for row in pictures(2)])
    said = [one.captions for one in lm._modules.descriptions(ready)]
    assert said == [one.captions for one in lm._modules.descriptions(ready)]
    assert len({caption for captions in said for caption in captions}) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"llm": "x"}, "no argument of emt_lens 'llm'"),
        ({"mode": "visoin"}, "Did you mean 'vision'"),
        ({"tags": "no/where.txt"}, "no file or vocabulary of tags 'no/where.txt'"),
        ({"num_tags": "many"}, "num_tags=many is no number"),
        ({"num_captions": -1}, "num_captions=-1 is less than 0"),
        ({"clip_pretrained": "laion2b_s32b_b97k"}, "Did you mean 'laion2b_s32b_b79k'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_loaded(wrong, message):
    with pytest.raises(EmtError, match=message):
        EmtLens.check(wrong)


def test_a_model_of_another_kind_and_an_empty_vocabulary_are_refused(given, tmp_path):
    with pytest.raises(EmtError, match="is a t5, not a BLIP captioner"):
        EmtLens(**{**given, "blip": given["pretrained"]})
    with pytest.raises(EmtError, match="can't be loaded as a language model"):
        EmtLens(**{**given, "pretrained": given["blip"]})
    (tmp_path / "none.txt").write_text("\n \n")
    with pytest.raises(EmtError, match="has no phrases"):
        EmtLens(**{**given, "tags": str(tmp_path / "none.txt")})
    with pytest.raises(UnknownName, match="dtype"):
        EmtLens(**{**given, "dtype": "int5"})


def test_the_vocabulary_is_part_of_the_fingerprint(lm, given, tmp_path):
    (tmp_path / "other.txt").write_text("dog\n")
    other = EmtLens(**{**given, "tags": str(tmp_path / "other.txt")})
    assert other.weights_fingerprint() != lm.weights_fingerprint()
    assert EmtLens(**given).weights_fingerprint() == lm.weights_fingerprint()


def test_a_run_of_it_is_a_normal_run(lm, tmp_path):
    data = toy_sets.write_all(tmp_path / "data", each=1)
    asked = Evaluation(["emt_mnist", "emt_cifar10"], tmp_path / "out", 3, limit=4, shown=False)
    with harness.reading_from(data):
        result = harness.evaluate_loaded(lm, "emt_lens", {}, asked)
    assert [task.n for task in result.results] == [4, 4]
    told = json.loads(next(result.folder.glob("*_manifest.json")).read_text())["details"]
    assert told["mode"] == "all"
    assert told["encoder"] == "clip"  # its folder


class Command:
    """A pickle that would make a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("part", ["pretrained", "blip"])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path, part: str) -> None:
    given = toy_lens.saved(tmp_path / "toy")
    folder = Path(given[part])
    (folder / "model.safetensors").unlink()
    torch.save({"weights": Command(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(EmtError, match=f"{part}=.* holds pickled objects other than tensors"):
        EmtLens(**given, device="cpu")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("part", ["pretrained", "blip"])
def test_weights_that_are_missing_are_named_and_not_drawn_at_random(tmp_path: Path, part: str) -> None:
    given = toy_lens.saved(tmp_path / "toy")
    file = Path(given[part]) / "model.safetensors"
    tensors = load_file(file)
    gone = next(name for name in sorted(tensors) if "layer_norm" in name)
    save_file({name: tensor for name, tensor in tensors.items() if name != gone}, file, metadata={"format": "pt"})
    with pytest.raises(EmtError, match=f"{part}=.* lacks weights that its config names"):
        EmtLens(**given, device="cpu")
