"""The Flamingo architecture against what otter_ai 0.0.0a8 and open_flamingo 2.0.1 computed from the same weights."""

import json
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor
from toy_otter import ALL, OPEN_FLAMINGO, OTTER_LLAMA, OTTER_MPT, Case, case, published, write_folder
from transformers import LlamaForCausalLM, MptForCausalLM
from transformers.models.mpt.modeling_mpt import MptBlock

from emt_tasks.errors import EmtError
from model_wrappers.flamingo.checkpoint import FlamingoFromCheckpoint, fitted
from model_wrappers.flamingo.config import FlamingoConfig
from model_wrappers.flamingo.files import read_weights, weight_files
from model_wrappers.flamingo.model import FlamingoForConditionalGeneration

NEW = 8
models = pytest.mark.parametrize("name", ALL)


def load_flamingo(folder: Path, image_token_id: int, **options: object) -> FlamingoForConditionalGeneration:
    config = FlamingoConfig.from_pretrained(folder)
    config.image_token_id = image_token_id
    return FlamingoFromCheckpoint.from_pretrained(folder, config=config, **options)


@cache
def reference(name: str) -> Case:
    return case(name)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Models this small only wait for each other's threads where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("flamingo")
    return {name: write_folder(root / name, reference(name).config, reference(name).weights, shards=2) for name in ALL}


@pytest.fixture(scope="session")
def loaded(folders: dict[str, Path]) -> dict[str, FlamingoForConditionalGeneration]:
    return {
        name: load_flamingo(folder, reference(name).image_token_id, dtype=torch.float32)
        for name, folder in folders.items()
    }


def greedy(model: FlamingoForConditionalGeneration, toy: Case, rows: slice = slice(None), **options: object) -> Tensor:
    """The rows' new tokens; padding that all of them share is left away."""
    seen = toy.attention_mask[rows]
    start = int(seen.any(dim=0).int().argmax())
    ids, seen = toy.input_ids[rows, start:], seen[:, start:]
    settings = {"do_sample": False, "max_new_tokens": NEW, "pad_token_id": 0, "eos_token_id": None, **options}
    answer = model.generate(input_ids=ids, attention_mask=seen, pixel_values=toy.pixel_values[rows], **settings)
    return answer[:, ids.shape[1] :]


@models
def test_logits_are_the_reference_implementations(loaded, name):
    toy = reference(name)
    with torch.no_grad():
        logits = loaded[name](toy.input_ids, toy.pixel_values, toy.attention_mask).logits
    real = toy.attention_mask.bool()
    assert float((logits - toy.logits)[real].abs().max()) < 1e-4


@models
def test_generation_with_a_cache_is_the_references_full_passes_token_by_token(loaded, name):
    assert torch.equal(greedy(loaded[name], reference(name)), reference(name).greedy)


@models
def test_generation_without_a_cache_gives_the_same(loaded, name):
    assert torch.equal(greedy(loaded[name], reference(name), use_cache=False), reference(name).greedy)


def test_generation_is_open_flamingos_own_cached_generation(loaded):
    assert torch.equal(greedy(loaded[OPEN_FLAMINGO], reference(OPEN_FLAMINGO)), reference(OPEN_FLAMINGO).generated)


def test_otters_own_cached_generation_loses_the_image_after_the_first_token():
    toy = reference(OTTER_LLAMA)
    assert torch.equal(toy.generated[:, 0], toy.greedy[:, 0])
    assert not torch.equal(toy.generated, toy.greedy)


def test_a_generated_image_token_brings_no_image(loaded):
    toy, model = reference(OTTER_MPT), loaded[OTTER_MPT]
    others = [token for token in range(60) if token != toy.image_token_id]
    for cached in (True, False):
        answers = greedy(model, toy, suppress_tokens=others, max_new_tokens=4, use_cache=cached)
        assert answers.tolist() == [[toy.image_token_id] * 4] * 4


@models
def test_a_row_alone_is_answered_as_in_its_batch(loaded, name):
    toy = reference(name)
    alone = [greedy(loaded[name], toy, slice(row, row + 1)) for row in range(len(toy.input_ids))]
    assert torch.equal(torch.cat(alone), toy.greedy)


def test_beams_keep_their_images(loaded):
    toy = reference(OTTER_MPT)
    together = greedy(loaded[OTTER_MPT], toy, num_beams=3)
    alone = [greedy(loaded[OTTER_MPT], toy, slice(row, row + 1), num_beams=3) for row in range(len(toy.input_ids))]
    assert torch.equal(torch.cat(alone), together)


def test_pictures_one_after_another_are_their_rows(loaded):
    toy = reference(OTTER_MPT)
    ids, pixels = toy.input_ids, toy.pixel_values
    options = {"attention_mask": toy.attention_mask, "max_new_tokens": 2, "num_beams": 2, "pad_token_id": 0}
    apart = loaded[OTTER_MPT].generate(input_ids=ids, pixel_values=pixels.flatten(0, 2), **options)
    assert torch.equal(apart, loaded[OTTER_MPT].generate(input_ids=ids, pixel_values=pixels, **options))


@models
def test_labels_as_a_tree_after_padded_prompts_have_the_logits_of_full_passes(loaded, name):
    toy, model = reference(name), loaded[name]
    branches = torch.tensor([[41, 42, 43], [44, 45, 46]])
    rows, length = toy.input_ids.shape
    ids = torch.cat([toy.input_ids, branches.flatten().expand(rows, -1)], dim=1)
    causal = torch.ones(length + 6, length + 6).tril().bool()
    causal[length + 3 :, length : length + 3] = False  # the second branch does not see the first
    keys = torch.nn.functional.pad(toy.attention_mask.bool(), (0, 6), value=True)
    sees = (causal & keys[:, None]) | torch.eye(length + 6).bool()
    mask = torch.zeros(sees.shape).masked_fill(~sees, torch.finfo(torch.float32).min)[:, None]
    prompt = (toy.attention_mask.cumsum(1) - 1).clamp_min(0)
    places = torch.cat([prompt, *[prompt[:, -1:] + 1 + torch.arange(3)] * 2], dim=1)
    with torch.no_grad():
        tree = model(ids, toy.pixel_values, mask, position_ids=places).logits[:, length:].unflatten(1, (2, 3))
        for number, branch in enumerate(branches):
            longer = torch.cat([toy.input_ids, branch.expand(rows, -1)], dim=1)
            seen = torch.nn.functional.pad(toy.attention_mask, (0, 3), value=1)
            full = model(longer, toy.pixel_values, seen, position_ids=places[:, : length + 3]).logits[:, length:]
            assert float((tree[:, number] - full).abs().max()) < 1e-4


def test_text_sees_the_image_before_it_and_no_other(loaded):
    toy = reference(OTTER_MPT)
    ids, pixels = toy.input_ids[1:2], toy.pixel_values[1:2].clone()  # <image> . . <image> . . .
    with torch.no_grad():
        before = loaded[OTTER_MPT](ids, pixels).logits
        pixels[:, 1] += 1
        after = loaded[OTTER_MPT](ids, pixels).logits
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("name", [OTTER_MPT, OTTER_LLAMA])
def test_shut_gates_leave_the_language_model_as_it_was(name):
    toy = reference(name)
    config = FlamingoConfig(**{key: toy.config[key] for key in ("text_config", "vision_config")})
    config.update({"cross_attn_every_n_layers": 1, "image_token_id": toy.image_token_id, "resampler_depth": 1})
    model = FlamingoForConditionalGeneration(config).eval()
    plain = {"mpt": MptForCausalLM, "llama": LlamaForCausalLM}[config.text_config.model_type](config.text_config).eval()
    inner = model.lang_encoder.state_dict()
    own = {key.replace(".decoder_layer", ""): weight for key, weight in inner.items() if "gated_cross" not in key}
    plain.load_state_dict(own)
    with torch.no_grad():
        looking = model(toy.input_ids, toy.pixel_values[:, :, :1]).logits
        assert torch.allclose(looking, plain(toy.input_ids).logits, atol=1e-6)


def test_other_models_of_transformers_stay_as_they_are(loaded):
    plain = MptForCausalLM(loaded[OTTER_MPT].config.text_config)
    assert {type(block) for block in plain.transformer.blocks} == {MptBlock}


def test_a_decoder_without_its_images_refuses_to_run(loaded):
    with pytest.raises(RuntimeError, match="call the model itself"):
        loaded[OTTER_MPT].lang_encoder(reference(OTTER_MPT).input_ids)


def test_more_image_tokens_than_images_are_refused(loaded):
    toy = reference(OTTER_MPT)
    with pytest.raises(EmtError, match="2 image tokens for 1 images"):
        loaded[OTTER_MPT](toy.input_ids, toy.pixel_values[:, :1])


def test_more_frames_than_the_checkpoint_knows_are_refused(loaded):
    with pytest.raises(ValueError, match="2 frames for each image, but this checkpoint was made for 1"):
        loaded[OTTER_MPT].media(reference(OTTER_LLAMA).pixel_values)


@models
def test_a_saved_model_loads_again(loaded, name, tmp_path):
    loaded[name].save_pretrained(tmp_path)
    again = load_flamingo(tmp_path, reference(name).image_token_id, dtype=torch.float32)
    ours = loaded[name].state_dict()
    assert all(torch.equal(weight, ours[key]) for key, weight in again.state_dict().items())


@models
def test_a_folder_is_checked_without_reading_its_numbers(folders, name):
    shapes = read_weights(weight_files(folders[name]), device="meta")
    config, weights = fitted(FlamingoConfig.from_pretrained(folders[name]), shapes, name)
    assert all(weight.is_meta for weight in weights.values())
    assert config.num_latents == {OTTER_MPT: 5, OTTER_LLAMA: 4, OPEN_FLAMINGO: 3}[name]


@pytest.mark.parametrize(("name", "model"), published().items(), ids=list(published()))
def test_every_weight_of_the_published_sizes_has_its_place(name, model):
    config, weights = fitted(FlamingoConfig(**model[0]), model[1], name)
    assert len(weights) == len(model[1])
    assert (config.resampler_depth, config.num_latents, config.head_width) == (6, 64, 64)
    assert (config.vision_config.image_size, config.vision_config.num_hidden_layers) == (224, 24)


def test_pickled_shards_load_as_safetensors_do(loaded, tmp_path):
    toy = reference(OTTER_MPT)
    (tmp_path / "config.json").write_text(json.dumps(toy.config))
    names = sorted(toy.weights)
    where = {}
    for number, part in enumerate((names[::2], names[1::2])):
        file = f"pytorch_model-{number + 1:05}-of-00002.bin"
        torch.save({name: toy.weights[name] for name in part}, tmp_path / file)
        where |= dict.fromkeys(part, file)
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    model = load_flamingo(tmp_path, toy.image_token_id, dtype=torch.float32)
    ours = loaded[OTTER_MPT].state_dict()
    assert all(torch.equal(weight, ours[key]) for key, weight in model.state_dict().items())


def test_buffers_of_older_transformers_are_no_weights(tmp_path):
    toy = reference(OTTER_LLAMA)
    old = {
        "vision_encoder.vision_model.embeddings.position_ids": torch.arange(5)[None],
        "lang_encoder.model.layers.0.decoder_layer.self_attn.rotary_emb.inv_freq": torch.ones(2),
    }
    load_flamingo(write_folder(tmp_path, toy.config, toy.weights | old), toy.image_token_id)


class Payload:
    def __reduce__(self):
        return (Path.touch, (Path("ran"),))


def test_a_pickle_that_would_run_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(reference(OTTER_MPT).config))
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Payload()}))
    with pytest.raises(EmtError, match="could run code"):
        load_flamingo(tmp_path, 58)
    assert not Path("ran").exists()


def refused(folder: Path, changes: dict[str, Tensor | None]) -> str:
    """What loading says of the MPT checkpoint with some weights added, changed or (None) left out."""
    toy = reference(OTTER_MPT)
    weights = {key: weight for key, weight in {**toy.weights, **changes}.items() if weight is not None}
    with pytest.raises(EmtError) as error:
        load_flamingo(write_folder(folder, toy.config, weights), toy.image_token_id)
    return str(error.value)


def test_missing_left_over_and_misshapen_weights_are_all_named(tmp_path):
    said = refused(
        tmp_path,
        {
            "perceiver.norm.bias": None,
            "lang_encoder.transformer.blocks.1.gated_cross_attn_layer.attn_gate": None,
            "lang_encoder.transformer.blocks.3.gated_cross_attn_layer.attn_gate": None,
            "perceiver.media_time_embs": torch.ones(1, 1, 16),
            "lang_encoder.transformer.wte.weight": torch.ones(61, 16),
        },
    )
    assert "missing: " in said
    assert "lang_encoder.transformer.blocks.*.gated_cross_attn_layer.attn_gate (2)" in said
    assert "perceiver.norm.bias" in said
    assert "left over: perceiver.media_time_embs" in said
    assert "lang_encoder.transformer.wte.weight is (61, 16) in the checkpoint and (60, 16) by its config" in said


def test_copies_of_a_weight_that_differ_are_refused(tmp_path):
    toy = reference(OPEN_FLAMINGO)
    weights = dict(toy.weights)
    weights["lang_encoder.old_decoder_blocks.1.norm_1.weight"] = torch.zeros(16)
    with pytest.raises(EmtError, match=r"blocks\.1\.decoder_layer\.norm_1\.weight twice, differently"):
        load_flamingo(write_folder(tmp_path, toy.config, weights), toy.image_token_id)


def test_weights_of_another_family_are_refused(tmp_path):
    toy = reference(OTTER_MPT)
    folder = write_folder(tmp_path, toy.config, {"model.layers.0.mlp.weight": torch.ones(1)})
    with pytest.raises(EmtError, match="no Flamingo model's weights"):
        load_flamingo(folder, toy.image_token_id)


def test_a_folder_half_copied_names_what_is_absent(tmp_path):
    toy = reference(OTTER_MPT)
    folder = write_folder(tmp_path, toy.config, toy.weights, shards=3)
    (folder / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(EmtError, match=r"lacks model-00002-of-00003\.safetensors"):
        load_flamingo(folder, toy.image_token_id)


def test_a_truncated_file_is_named(tmp_path):
    toy = reference(OTTER_MPT)
    file = write_folder(tmp_path, toy.config, toy.weights) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(EmtError, match=r"model\.safetensors can't be read"):
        load_flamingo(tmp_path, toy.image_token_id)


@pytest.mark.parametrize(
    ("text_config", "message"),
    [
        ({"model_type": "RefinedWebModel"}, "no language model .* 'RefinedWebModel'"),
        ({"model_type": "mpt", "attn_config": {"qk_ln": True}}, "attn_config.qk_ln=True"),
        ({"model_type": "mpt", "attn_config": {"alibi_bias_max": 4}}, "attn_config.alibi_bias_max=4"),
        ({"model_type": "mpt", "no_bias": False}, "no_bias=False"),
        ({"model_type": "mpt", "attn_config": {"alibi": False}}, "attn_config.alibi=False"),
    ],
)
def test_another_language_model_is_refused(tmp_path, text_config, message):
    toy = reference(OTTER_MPT)
    config = {**toy.config, "text_config": text_config}
    with pytest.raises(EmtError, match=message):
        load_flamingo(write_folder(tmp_path, config, toy.weights), toy.image_token_id)
