"""emt_clip on toy encoders of the true architecture, against open_clip's own functions."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch
import toy_clip
import toy_sets
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from safetensors.torch import save_file
from toy_requests import SPLIT, TASK, ask, generate, score
from toy_requests import pictures as noise

from emt_tasks import harness, preflight
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import label_set
from emt_tasks.runs.evaluation import Evaluation
from model_wrappers.clip import EmtClip
from model_wrappers.encoders import SHAPES
from model_wrappers.instructblip import PAPER_COMPARES_WITH
from model_wrappers.zero_shot.arguments import source_of
from model_wrappers.zero_shot.prompt_templates import read_templates

CIFAR = label_set("cifar10").labels


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Models this small only wait for each other's threads where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_clip.saved(tmp_path_factory.mktemp("clip") / "toy")


@pytest.fixture(scope="module")
def architecture(tmp_path_factory: pytest.TempPathFactory) -> str:
    return toy_clip.architecture(tmp_path_factory.mktemp("architectures"))


@pytest.fixture(scope="module")
def lm(folder: Path) -> EmtClip:
    return EmtClip(pretrained=str(folder), batch_size=4, device="cpu")


def rows(count: int, key: str = "cifar10") -> list[dict]:
    return [{**row, "labels": list(label_set(key).labels)} for row in noise(count)]


def open_clips(folder: Path, picture: Image.Image, key: str) -> torch.Tensor:
    """Similarities of one picture with the classes of a set, by open_clip's own functions."""
    model = open_clip.create_model(f"local-dir:{folder}").eval()
    sentences = [sentence.replace("{c}", "{}") for sentence in read_templates("clip_benchmark").sentences(key)]
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    classes = open_clip.build_zero_shot_classifier(model, tokenizer, label_set(key).clip_names, sentences)
    pixels = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)(picture)
    with torch.no_grad():
        return (model.encode_image(pixels[None], normalize=True) @ classes)[0] * model.logit_scale.exp()


def test_answers_and_losses_are_open_clips_one_by_one(lm, folder):
    asked = rows(6)
    answers = ask(lm, [generate("?", row) for row in range(6)], asked)
    losses = ask(lm, [score("?", f" {label}", row) for row in range(6) for label in CIFAR], asked)
    for row in range(6):
        theirs = open_clips(folder, asked[row]["image"], "cifar10")
        assert answers[row] == CIFAR[int(theirs.argmax())]
        own = torch.tensor([loss for loss, _ in losses[row * 10 : row * 10 + 10]])
        torch.testing.assert_close(own, -theirs.log_softmax(dim=0), atol=1e-4, rtol=0)
    assert len(set(answers)) > 1


def test_batches_of_any_size_and_of_several_sets_give_the_answers_of_one_by_one(lm):
    mixed = [row for pair in zip(rows(7), rows(7, "mnist"), strict=True) for row in pair]
    asked = [generate("?", row) for row in range(14)]
    assert ask(lm, asked, mixed) == [ask(lm, [one], mixed)[0] for one in asked]


def test_the_least_loss_is_the_answers_and_alone_likeliest(lm):
    asked = rows(3)
    answers = ask(lm, [generate("?", row) for row in range(3)], asked)
    told = ask(lm, [score("?", label, row) for row in range(3) for label in CIFAR], asked)
    for row in range(3):
        values = dict(zip(CIFAR, told[row * 10 : row * 10 + 10], strict=True))
        assert min(values, key=lambda label: values[label][0]) == answers[row]
        assert [label for label in CIFAR if values[label][1]] == [answers[row]]
        assert sum(math.exp(-loss) for loss, _ in values.values()) == pytest.approx(1, abs=1e-5)


def test_each_row_is_encoded_once_for_all_its_labels_and_each_request_reported_once(lm, monkeypatch):
    encoded, told = [], []
    before = lm._encoder.model.encode_image
    monkeypatch.setattr(lm._encoder.model, "encode_image", lambda pixels: encoded.append(len(pixels)) or before(pixels))
    lm.task_dict, lm.on_batch = {TASK: {SPLIT: rows(6)}}, told.append
    asked = [score("?", label, row) for label in CIFAR for row in range(6)]
    values = lm.loglikelihood(asked)
    lm.on_batch = None
    assert encoded == [4, 2]
    reported = {id(request): value for batch in told for request, value in batch}
    assert [reported[id(request)] for request in asked] == values
    assert sum(map(len, told)) == len(asked)


def test_an_answer_that_is_no_label_is_refused(lm):
    with pytest.raises(EmtError, match=r"row 0 of toy.*'plane' is none of the row's labels \(airplane"):
        ask(lm, [score("?", "plane")], rows(1))


def test_a_label_in_a_sentence_is_refused_before_a_picture_is_read(lm):
    asked = score("?", " The object is a(n) ship.")
    asked.arguments = (*asked.arguments[:4], "emt_cifar10_choice_sentence", SPLIT)
    with pytest.raises(
        EmtError, match=r"emt_clip has sentences of its own \(template=\)\. Use the task emt_cifar10_choice:"
    ):
        ask(lm, [asked], [])


def test_pictures_of_any_mode_and_size_are_classified_as_their_rgb(lm):
    odd = [Image.new("RGBA", (5, 9), (200, 10, 10, 7)), Image.new("L", (1, 1), 80), Image.new("RGB", (300, 2), "red")]
    asked = [generate("?", row) for row in range(3)]
    given, plain = ([{"image": p, "labels": CIFAR} for p in seen] for seen in (odd, [p.convert("RGB") for p in odd]))
    assert ask(lm, asked, given) == ask(lm, asked, plain)


def test_labels_of_no_emt_set_need_a_sentence(lm, folder):
    other = [{**row, "labels": ["tabby", "manx"]} for row in noise(2)]
    with pytest.raises(EmtError, match="no sentences for labels that are no EMT set"):
        ask(lm, [generate("?")], other)
    sentence = EmtClip(pretrained=str(folder), template="a {c}.", device="cpu")
    assert set(ask(sentence, [generate("?"), generate("?", 1)], other)) <= {"tabby", "manx"}


def test_rows_without_labels_or_with_several_pictures_are_said(lm):
    with pytest.raises(EmtError, match=r"row 0 of toy \(test\) has no column `labels`"):
        ask(lm, [generate("?")], noise(1))
    two = generate("?")
    context, given, _, *rest = two.arguments
    two.arguments = (context, given, lambda doc: [doc["image"]] * 2, *rest)
    with pytest.raises(EmtError, match="has 2 images; emt_clip classifies one"):
        ask(lm, [two], rows(1))


def test_a_file_for_a_named_architecture_is_the_folders_model(lm, folder, architecture, tmp_path):
    for name, write in (("a.pt", torch.save), ("a.safetensors", save_file)):
        write(toy_clip.weights(), tmp_path / name)
        given = EmtClip(model=architecture, pretrained=str(tmp_path / name), device="cpu", dtype="float32")
        asked = [generate("?", row) for row in range(5)]
        assert ask(given, asked, rows(5)) == ask(lm, asked, rows(5))


def test_half_precision_answers_too(folder):
    half = EmtClip(pretrained=str(folder), dtype="bf16", device="cpu", batch_size=2)
    assert set(ask(half, [generate("?", row) for row in range(3)], rows(3))) <= set(CIFAR)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modle": "ViT-L-14"}, r"no argument of emt_clip 'modle'. Did you mean 'model'"),
        ({"peft": "x"}, "no argument of emt_clip 'peft'"),
        ({"model": "ViT-L-15"}, "no architecture of open_clip 'ViT-L-15'. Did you mean 'ViT-"),
        ({"pretrained": "opanai"}, "of ViT-L-14 'opanai'. Did you mean 'openai'"),
        ({"model": "ViT-H-14", "pretrained": "laion2b_s32b_b97k"}, "Did you mean 'laion2b_s32b_b79k'"),
        ({"template": "clipbench"}, "Did you mean 'clip_benchmark'"),
        ({"dtype": "float61"}, "Did you mean 'float16'"),
        ({"pretrained": "./no/where"}, r"no such file or folder \(.*no/where"),
        ({"pretrained": "weights.pt"}, "no such file or folder"),
        ({"model": "local", "pretrained": "no/such/folder"}, "no such file or folder"),
        ({"model": "local-dir:no/where"}, "there is no folder 'no/where'"),
    ],
)
def test_what_does_not_exist_is_said_before_anything_is_loaded(given, message):
    with pytest.raises(EmtError, match=message):
        EmtClip.check(given)
    with pytest.raises(EmtError, match=message):
        EmtClip(**given)


def test_a_folder_without_a_model_says_what_it_has(tmp_path):
    with pytest.raises(EmtError, match=r"open_clip_config\.json and weights, or one file of weights\. It has no file"):
        EmtClip(pretrained=str(tmp_path))
    for name in ("a.pt", "b.pt"):
        torch.save({}, tmp_path / name)
    with pytest.raises(EmtError, match=r"It has a\.pt, b\.pt"):
        EmtClip(pretrained=str(tmp_path))


def test_tags_and_hub_ids_are_handed_to_open_clip_with_the_activation_they_were_trained_with():
    assert source_of("ViT-L/14", "openai").quick_gelu
    assert source_of("ViT-L-14", "openai").name == "ViT-L-14 openai"
    assert not source_of("ViT-H-14", "laion2b_s32b_b79k").quick_gelu
    assert source_of("ViT-L-14", "hf-hub:a/b").model == "hf-hub:a/b"
    assert source_of("hf-hub:a/b", "openai").pretrained is None


@pytest.mark.parametrize("encoder", [*SHAPES.values(), PAPER_COMPARES_WITH])
def test_the_encoders_of_mllms_are_called_as_open_clip_calls_them(encoder):
    assert source_of(*encoder.split()).name == encoder


def test_weights_that_are_not_at_hand_are_said():
    with pytest.raises(EmtError, match="open_clip can't load ViT-L-14 openai: "):
        EmtClip(device="cpu")


class Code:
    def __reduce__(self):
        return (print, ("this was run",))


def test_a_pickle_with_code_is_not_run(architecture, tmp_path, capsys):
    torch.save({"visual": Code()}, tmp_path / "bad.pt")
    with pytest.raises(EmtError, match="pickled objects other than tensors"):
        EmtClip(model=architecture, pretrained=str(tmp_path / "bad.pt"), device="cpu")
    assert "this was run" not in capsys.readouterr().out


def test_torn_files_and_those_of_another_architecture_are_refused(architecture, tmp_path):
    file = tmp_path / "a.safetensors"
    save_file(toy_clip.weights(), file)
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(EmtError, match=r"open_clip can't load toy-ViT a\.safetensors"):
        EmtClip(model=architecture, pretrained=str(file), device="cpu")
    lacking = {name: tensor for name, tensor in toy_clip.weights().items() if "resblocks.1" not in name}
    save_file(lacking, file)
    with pytest.raises(EmtError, match="Missing key"):
        EmtClip(model=architecture, pretrained=str(file), device="cpu")


def test_the_fingerprint_is_of_the_content(tmp_path):
    one = EmtClip(pretrained=str(toy_clip.saved(tmp_path / "a")), device="cpu")
    same = EmtClip(pretrained=str(toy_clip.saved(tmp_path / "b")), device="cpu")
    mark = one.weights_fingerprint()
    assert mark == same.weights_fingerprint()
    toy_clip.saved(tmp_path / "a", seed=1)
    assert EmtClip(pretrained=str(tmp_path / "a"), device="cpu").weights_fingerprint() != mark


def test_it_outlives_the_harness_s_cleaning_and_takes_no_adapter(lm):
    before = ask(lm, [generate("?")], rows(1))
    lm.clean()
    lm.use_adapter(None, None)
    assert ask(lm, [generate("?")], rows(1)) == before
    with pytest.raises(EmtError, match="no place for an adapter"):
        lm.use_adapter("lora")
    with pytest.raises(EmtError, match="has several rounds"):
        lm.generate_until_multi_round([])


def test_a_run_of_it_is_a_normal_run_that_says_which_sentences_were_used(lm, tmp_path):
    data = toy_sets.write_all(tmp_path / "data", each=1)
    with harness.reading_from(data):
        result = harness.evaluate_loaded(lm, "emt_clip", {}, Evaluation(["emt"], tmp_path / "out", 4, shown=False))
    assert {task.n for task in result.results} == {10, 100}
    for task in result.results:
        assert task.shares["correct"] + task.shares["incorrect"] == 1.0
    told = json.loads(next(result.folder.glob("*_manifest.json")).read_text())["details"]
    assert told["template"] == "clip_benchmark"
    assert told["template_fingerprint"] == read_templates("clip_benchmark").fingerprint
    assert told["encoder"] == "toy"  # its folder


@pytest.fixture
def asked(folder: Path, tmp_path: Path) -> Callable[..., list[preflight.Check]]:
    def checks(**given: str) -> list[preflight.Check]:
        wanted = preflight.Asked(["emt_mnist"], "emt_clip", {"pretrained": str(folder), **given}, tmp_path)
        looks = ("model", "weights", "memory", "adapter")
        return [preflight.Check(name, preflight.CHECKS[name](wanted)) for name in looks]

    return checks


def test_the_preflight_knows_its_arguments(asked):
    assert next(check.found for check in asked()) == "emt_clip (model_wrappers.clip.EmtClip)"
    with pytest.raises(UnknownName, match="Did you mean 'clip_benchmark'"):
        asked(template="clip_bench")


def test_a_pointer_of_git_lfs_is_called_what_it_is(tmp_path):
    folder = toy_clip.saved(tmp_path / "clip")
    (folder / "open_clip_model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(EmtError, match=r"open_clip_model\.safetensors is a pointer of git-lfs"):
        EmtClip(pretrained=str(folder), device="cpu")
    (tmp_path / "clip.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(EmtError, match=r"clip\.pt is a pointer of git-lfs"):
        EmtClip(model="ViT-B-32", pretrained=str(tmp_path / "clip.pt"), device="cpu")
