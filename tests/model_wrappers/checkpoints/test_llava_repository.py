import json
import shutil

import pytest
import torch
from toy_llava_repository import V0_TOKENS, logits, repository_llava, save_projector, train_lora, with_lora, write
from toy_requests import ask, generate, pictures, score
from transformers import CLIPVisionConfig, LlavaConfig

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.adapters import check_adapter
from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.llava_layout import require_same_base
from model_wrappers.checkpoints.loading import bare_model, load_config, load_model, load_processor
from model_wrappers.checkpoints.vision_towers import VIT_L
from model_wrappers.generating.inputs import Preprocessor
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava

KINDS = {
    "v1.5": {"projector": "mlp2x_gelu"},
    "v1.5 with its tower": {"projector": "mlp2x_gelu", "own_tower": True},
    "v0": {"projector": "linear", "extra": tuple(V0_TOKENS)},
    "v1": {"projector": "linear", "extra": tuple(V0_TOKENS[1:])},
    "v1 without start and end": {"projector": "linear", "extra": ("<im_patch>",)},
}
V0_BEFORE = (
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the human's questions.###Human: <im_start>"
)
V0_AFTER = "<im_end>\nWhat is it?###Assistant:"


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=KINDS)
def toy(request, tmp_path_factory):
    return repository_llava(tmp_path_factory.mktemp("repository") / "llava-v1", **KINDS[request.param])


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return repository_llava(tmp_path_factory.mktemp("plain") / "llava-v1.5-toy")


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    return repository_llava(tmp_path_factory.mktemp("linear") / "llava-v0-toy", "linear", extra=tuple(V0_TOKENS))


def loaded(folder):
    said = Arguments(str(folder))
    model = load_model(said, load_config(said.pretrained, None, False), torch.device("cpu"))
    return model, load_processor(said)


@torch.inference_mode()
def difference(toy, model, processor, before="USER: ", after="\nWhat is it? ASSISTANT:"):
    """The largest difference of the oracle's logits and the model's as a share of the largest logit."""
    picture = pictures(1, seed=5)[0]["image"]
    inputs = Preprocessor(processor).inputs([before + processor.image_token + after], [[picture]])
    theirs = logits(toy, before, inputs["pixel_values"][0], after)
    ours = model(**inputs).logits[0]
    assert len(ours) == len(theirs)
    return float((ours[:, : theirs.shape[1]] - theirs).abs().max() / theirs.abs().max())


def test_a_checkpoint_says_what_it_says_in_the_llava_repository(toy):
    model, processor = loaded(toy.folder)
    assert difference(toy, model, processor) <= 1e-5
    if toy.said["mm_use_im_start_end"]:
        assert difference(toy, model, processor, V0_BEFORE, V0_AFTER) <= 1e-5


def test_a_token_that_was_added_for_pictures_is_never_the_likeliest(plain):
    model, processor = loaded(plain.folder)
    inputs = Preprocessor(processor).inputs(["USER: <image>\nWhat? ASSISTANT:"], [[pictures(1)[0]["image"]]])
    found = model(**inputs).logits[0]
    assert processor.tokenizer.image_token_id == found.shape[1] - 1 == len(plain.tokenizer)
    assert torch.allclose(found[:, -1], found[:, :-1].mean(dim=1), atol=1e-4)


def test_prompts_have_the_form_of_their_version(plain, linear, tmp_path):
    v1 = repository_llava(tmp_path / "v1", "linear", extra=tuple(V0_TOKENS[1:]))
    models = [EmtLlava(pretrained=str(one.folder), device="cpu") for one in (plain, linear, v1)]
    texts = [lm._preparation._prompts.text("What is it?", 1) for lm in models]
    assert texts[0] == "USER: <image>\nWhat is it? ASSISTANT:"
    assert texts[1] == V0_BEFORE + "<im_patch>" + V0_AFTER
    assert texts[2] == V0_BEFORE.replace("###Human: ", " USER: ") + "<im_patch><im_end>\nWhat is it? ASSISTANT:"


@pytest.mark.parametrize("wrapper", [EmtLlava, EmtHf])
def test_answers_of_v0_end_at_its_separator(wrapper, linear, monkeypatch):
    lm = wrapper(pretrained=str(linear.folder), device="cpu")
    told = []
    monkeypatch.setattr(lm._generator, "answers", lambda *given: told.append(given[2].until) or ["x"])
    ask(lm, [generate("What?", 0)], pictures(1))
    assert told == [("\n\n", "###")]


def test_it_answers_and_scores_in_batches_as_alone(toy):
    lm = EmtLlava(pretrained=str(toy.folder), batch_size=3, device="cpu")
    rows = pictures(4)
    asked = [generate("What? " * (1 + row % 2), row) for row in range(4)]
    assert ask(lm, asked, rows) == [ask(lm, [one], rows)[0] for one in asked]
    assert all(loss > 0 for loss, _ in ask(lm, [score("What?", " ship", row) for row in range(3)], rows))


@pytest.mark.parametrize("as_bin", [False, True], ids=["safetensors", "bin"])
def test_a_lora_folder_says_what_it_says_in_the_llava_repository(toy, as_bin, tmp_path):
    folder = train_lora(toy, tmp_path / "lora", as_bin=as_bin)
    check_adapter(str(toy.folder), str(folder), None)
    lm = EmtLlava(pretrained=str(toy.folder), peft=str(folder), device="cpu")
    assert difference(with_lora(toy, folder), lm.model, lm.processor) <= 1e-5
    assert difference(toy, lm.model, lm.processor) > 1e-2
    lm.use_adapter(None)
    assert difference(toy, lm.model, lm.processor) <= 1e-5


@pytest.mark.parametrize("prefix", ["", "base_model.model."])
def test_a_projector_file_of_the_repository_replaces_the_projector(toy, prefix, tmp_path):
    tuned = with_lora(toy, train_lora(toy, tmp_path / "lora"))
    file = save_projector(tuned, tmp_path / "mm_projector.bin", prefix)
    only = with_lora(toy, tmp_path / "lora")
    rest = {name: t for name, t in toy.model.state_dict().items() if "mm_projector" not in name}
    only.model.load_state_dict(rest, strict=False)
    check_adapter(str(toy.folder), None, str(file))
    lm = EmtLlava(pretrained=str(toy.folder), projector=str(file), device="cpu")
    assert difference(only, lm.model, lm.processor) <= 1e-5


def test_a_projector_trained_with_start_and_end_tokens_brings_its_embeddings(linear, tmp_path):
    toy = repository_llava(tmp_path / "other", "linear", extra=tuple(V0_TOKENS), seed=3)
    trained = {n: t.clone() for n, t in toy.model.state_dict().items() if "mm_projector" in n or "embed_tokens" in n}
    torch.save(trained, tmp_path / "mm_projector.bin")
    lm = EmtLlava(pretrained=str(linear.folder), projector=str(tmp_path / "mm_projector.bin"), device="cpu")
    assert torch.equal(lm.model.get_input_embeddings().weight, toy.model.model.embed_tokens.weight)


def test_projectors_of_another_type_are_refused_with_both_named(plain, linear, tmp_path):
    for base, other, mine, theirs in ((plain, linear, "mlp2x_gelu", "linear"), (linear, plain, "linear", "mlp2x_gelu")):
        file = save_projector(other, tmp_path / f"{theirs}.bin")
        with pytest.raises(EmtError, match=f"projector of type {theirs}, and .* has one of type {mine}"):
            check_adapter(str(base.folder), None, str(file))
        folder = train_lora(other, tmp_path / f"lora {theirs}")
        with pytest.raises(EmtError, match=f"{theirs} where the base has {mine}|type {theirs}, and .* of type {mine}"):
            check_adapter(str(base.folder), str(folder), None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rest: {**rest, "base_model.model.model.stray": torch.ones(1)}, "no place for model.stray"),
        (lambda rest: dict(list(rest.items())[1:]), "missing model.multi_modal_projector.linear_1"),
        (lambda rest: {key: t[:, :8] if t.ndim == 2 else t for key, t in rest.items()}, "other shapes"),
    ],
)
def test_every_key_beside_lora_is_accounted_for(plain, change, message, tmp_path):
    folder = train_lora(plain, tmp_path / "lora")
    file = folder / "non_lora_trainables.bin"
    torch.save(change(torch.load(file, weights_only=True)), file)
    with pytest.raises(EmtError, match=message):
        check_adapter(str(plain.folder), str(folder), None)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"mm_vision_select_layer": -1}, "mm_vision_select_layer 3 where the base has 2"),
        ({"mm_use_im_start_end": True}, "mm_use_im_start_end True where the base has False"),
        ({"model_type": "llava_mistral"}, "language model mistral where the base has llama"),
    ],
)
def test_a_lora_folder_that_saw_pictures_otherwise_is_refused_though_it_fits(plain, said, message, tmp_path):
    folder = train_lora(plain, tmp_path / "lora")
    (folder / "config.json").write_text(json.dumps(plain.said | said))
    with pytest.raises(EmtError, match=message):
        check_adapter(str(plain.folder), str(folder), None)


def test_the_name_of_a_published_encoder_says_its_pictures_size_only_where_the_sizes_are_its_own(plain, tmp_path):
    folder = train_lora(plain, tmp_path / "lora")
    said = plain.said | {"mm_vision_tower": "openai/clip-vit-large-patch14-336"}
    (folder / "config.json").write_text(json.dumps(said))
    check_adapter(str(plain.folder), str(folder), None)  # a toy under the published name
    published = LlavaConfig(vision_config=CLIPVisionConfig(**VIT_L, image_size=224))
    for width in (1024, None):
        with pytest.raises(EmtError, match="size of pictures 336 where the base has 224"):
            require_same_base(said | {"mm_hidden_size": width}, published, "lora", "base")


PUBLISHED = "openai/clip-vit-large-patch14-336"


def under_a_published_name(toy, change: dict | None = None) -> None:
    """The toy's config names ViT-L, and the encoder of that name that is to be had is the toy's own small one."""
    (toy.folder / "openai").mkdir()
    (toy.folder.parent / "tower").rename(toy.folder / PUBLISHED)
    toy.said = toy.said | {"mm_vision_tower": PUBLISHED} | (change or {})
    (toy.folder / "config.json").write_text(json.dumps(toy.said))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("said", [{}, {"mm_hidden_size": None}, {"mm_hidden_size": 1024}])
def test_a_small_encoder_under_a_published_name_has_the_sizes_that_the_files_show(own, said, tmp_path):
    toy = repository_llava(tmp_path / "llava", own_tower=own)
    under_a_published_name(toy, said)
    vision = load_config(str(toy.folder), None, trust_remote_code=False).vision_config
    assert (vision.hidden_size, vision.num_hidden_layers, vision.image_size) == (16, 3, 16)
    assert vision.num_attention_heads == 2
    assert difference(toy, *loaded(toy.folder)) <= 1e-5


def test_an_encoder_of_another_size_than_the_projector_is_refused_with_both(tmp_path):
    toy = repository_llava(tmp_path / "llava")
    under_a_published_name(toy)
    said = json.loads((toy.folder / PUBLISHED / "config.json").read_text())
    (toy.folder / PUBLISHED / "config.json").write_text(json.dumps(said | {"hidden_size": 32}))
    with pytest.raises(EmtError, match="has a hidden size of 32, and the projector there is for one of 16"):
        load_config(str(toy.folder), None, trust_remote_code=False)


def test_an_encoder_of_its_own_whose_heads_nothing_tells_is_refused_with_what_to_do(tmp_path):
    toy = repository_llava(tmp_path / "llava", own_tower=True)
    under_a_published_name(toy)
    shutil.rmtree(toy.folder / "openai")
    with pytest.raises(EmtError, match=r"hidden size 16, .* How many attention heads .* put a folder"):
        load_config(str(toy.folder), None, trust_remote_code=False)


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("non_lora_trainables.bin", "has no non_lora_trainables.bin: it was copied in part"),
        ("adapter_config.json", "has non_lora_trainables.bin but no adapter_config.json: it was copied in part"),
        ("adapter_model.safetensors", "has a config but no weights"),
    ],
)
def test_a_lora_folder_that_was_copied_in_part_is_named(plain, gone, message, tmp_path):
    folder = train_lora(plain, tmp_path / "lora")
    (folder / gone).unlink()
    with pytest.raises(EmtError, match=message):
        check_adapter(str(plain.folder), str(folder), None)


def test_a_checkpoint_from_within_the_training_is_complete_with_the_files_that_the_error_names(plain, tmp_path):
    folder, inside = train_lora(plain, tmp_path / "lora"), tmp_path / "lora" / "checkpoint-8"
    inside.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(folder / name, inside)
    with pytest.raises(EmtError, match=rf"copy both files from the training's output folder into {inside}"):
        check_adapter(str(plain.folder), str(inside), None)
    check_adapter(str(plain.folder), str(inside), str(save_projector(plain, tmp_path / "mm_projector.bin")))
    for name in ("config.json", "non_lora_trainables.bin"):
        shutil.copy(folder / name, inside)
    check_adapter(str(plain.folder), str(inside), None)
    (inside / "non_lora_trainables.bin").unlink()
    said = json.loads((inside / "config.json").read_text())
    (inside / "config.json").write_text(json.dumps(said | {"freeze_mm_mlp_adapter": True}))
    check_adapter(str(plain.folder), str(inside), None)


def test_the_projector_of_a_lora_folder_and_another_are_one_too_many(plain, tmp_path):
    folder, file = train_lora(plain, tmp_path / "lora"), save_projector(plain, tmp_path / "mm_projector.bin")
    with pytest.raises(EmtError, match="has a projector of its own"):
        check_adapter(str(plain.folder), str(folder), str(file))
    (folder / "non_lora_trainables.bin").unlink()
    check_adapter(str(plain.folder), str(folder), str(file))


class Mine:
    """Writes a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return exec, (f"open({str(self.file)!r}, 'w').close()",)


@pytest.mark.parametrize("which", ["non_lora_trainables", "adapter_model", "pytorch_model", "mm_projector"])
def test_pickles_that_run_code_are_refused_and_not_run(plain, which, tmp_path):
    base = shutil.copytree(plain.folder, tmp_path / "base")
    folder = train_lora(plain, tmp_path / "lora", as_bin=True)
    place = base if which == "pytorch_model" else folder
    torch.save({"model.mm_projector.0.weight": Mine(tmp_path / "was-run")}, place / f"{which}.bin")
    given = {"projector": str(folder / f"{which}.bin")} if which == "mm_projector" else {"peft": str(folder)}
    with pytest.raises(EmtError, match="unpickling them can run any code"):
        EmtLlava(pretrained=str(base), device="cpu", **given)
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: {**state, "model.image_newline": torch.ones(32)}, "no place for model.image_newline"),
        (lambda state: {n: t for n, t in state.items() if "mm_projector.2.bias" not in n}, "missing .*linear_2.bias"),
        (lambda state: {n: t for n, t in state.items() if "layers.1." not in n}, "missing .*layers.1"),
        (lambda state: {n: t * 0 if n == "model.norm.weight" else t for n, t in state.items()}, "convert .* --base"),
    ],
)
def test_every_weight_of_a_checkpoint_is_accounted_for(plain, change, message, tmp_path):
    base = shutil.copytree(plain.folder, tmp_path / "base")
    torch.save(change(torch.load(base / "pytorch_model.bin", weights_only=True)), base / "pytorch_model.bin")
    with pytest.raises(EmtError, match=message):
        loaded(base)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"mm_projector_type": "mlp3x_gelu"}, "projector of type mlp3x_gelu"),
        ({"image_aspect_ratio": "anyres"}, "LLaVA 1.6"),
        ({"mm_vision_tower": "/no/such/tower"}, "mm_vision_tower=/no/such/tower: there is no such folder"),
    ],
)
def test_what_can_t_be_had_is_said_from_the_config(plain, said, message, tmp_path):
    base = shutil.copytree(plain.folder, tmp_path / "base")
    (base / "config.json").write_text(json.dumps(plain.said | said))
    with pytest.raises(EmtError, match=message):
        load_config(str(base), None, False)


def test_pictures_are_padded_where_the_checkpoint_was_trained_so(plain, tmp_path):
    base = shutil.copytree(plain.folder, tmp_path / "base")
    (base / "config.json").write_text(json.dumps(plain.said | {"image_aspect_ratio": "pad"}))
    assert loaded(base)[1].image_processor.do_pad
    assert not loaded(plain.folder)[1].image_processor.do_pad


def test_a_weight_file_that_is_missing_is_named(plain, tmp_path):
    base = shutil.copytree(plain.folder, tmp_path / "base")
    (base / "pytorch_model.bin").unlink()
    with pytest.raises(EmtError, match="has a config but no weights"):
        loaded(base)
    index = {"weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    (base / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    with pytest.raises(EmtError, match=r"lacks pytorch_model-00001-of-00002.bin, pytorch_model-00002-of-00002.bin"):
        loaded(base)


def test_in_half_precision_it_keeps_its_dtype(plain, tmp_path):
    toy = repository_llava(tmp_path / "half")
    toy.model.half()
    write(toy)
    lm = EmtLlava(pretrained=str(toy.folder), dtype="float16", device="cpu")
    assert lm.model.dtype == torch.float16
    assert ask(lm, [generate("What?", 0)], pictures(1))


@pytest.mark.parametrize(("hidden", "inner", "layers"), [(4096, 11008, 32), (5120, 13824, 40)], ids=["7b", "13b"])
def test_llava_1_5_at_its_published_sizes_has_a_place_for_every_weight(hidden, inner, layers, plain, tmp_path):
    said = {
        "model_type": "llava_llama", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": hidden // 128, "num_key_value_heads": hidden // 128, "vocab_size": 32000,
        "mm_projector_type": "mlp2x_gelu", "mm_hidden_size": 1024, "mm_vision_select_layer": -2,
        "mm_vision_tower": "openai/clip-vit-large-patch14-336", "image_aspect_ratio": "pad",
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(said))
    plain.tokenizer.save_pretrained(tmp_path)
    model = bare_model(str(tmp_path))
    places = {name: tuple(place.shape) for name, place in model.state_dict().items()}
    saved = {"model.mm_projector.0": (hidden, 1024), "model.mm_projector.2": (hidden, hidden)}
    shapes = {f"{name}.weight": shape for name, shape in saved.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in saved.items()}
    shapes |= dict.fromkeys(("model.embed_tokens.weight", "lm_head.weight"), (32000, hidden))
    shapes["model.norm.weight"] = (hidden,)
    for layer in range(layers):
        inside = f"model.layers.{layer}"
        shapes |= {f"{inside}.self_attn.{leaf}_proj.weight": (hidden, hidden) for leaf in "qkvo"}
        shapes |= {f"{inside}.mlp.{leaf}_proj.weight": (inner, hidden) for leaf in ("gate", "up")}
        shapes[f"{inside}.mlp.down_proj.weight"] = (hidden, inner)
        shapes |= {f"{inside}.{leaf}_layernorm.weight": (hidden,) for leaf in ("input", "post_attention")}
    found = {Layout(model).weight(name): shape for name, shape in shapes.items()}
    assert found == {name: shape for name, shape in places.items() if "vision_tower" not in name}
    assert places["model.vision_tower.embeddings.position_embedding.weight"] == (577, 1024)


def test_a_vision_encoder_that_is_a_pickle_of_more_than_tensors_is_refused(tmp_path):
    toy, target = repository_llava(tmp_path / "llava"), tmp_path / "was_run"
    (tmp_path / "tower" / "model.safetensors").unlink()
    torch.save({"x": Mine(target)}, tmp_path / "tower" / "pytorch_model.bin")
    with pytest.raises(EmtError, match=r"mm_vision_tower=.* holds pickled objects other than tensors"):
        loaded(toy.folder)
    assert not target.exists()
