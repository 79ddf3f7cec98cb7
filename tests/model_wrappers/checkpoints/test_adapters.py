import json
import shutil

import pytest
import torch
from peft import IA3Config, LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch.testing import assert_close  # logits: weights elsewhere in memory are summed otherwise on some processors
from toy_adapters import edited, in_llava_s_names, in_older_layout, lora
from toy_requests import pictures
from transformers import AutoModelForImageTextToText

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.adapters import Tuning, check_adapter
from model_wrappers.checkpoints.loading import load_processor
from model_wrappers.checkpoints.soft_prompt import learnt_tokens
from model_wrappers.generating.inputs import Preprocessor

PROJECTOR = ["multi_modal_projector"]
CONFIGS = {
    "plain": {"target_modules": ["q_proj", "v_proj"]},
    "projector too": {"target_modules": ["q_proj", "up_proj"], "modules_to_save": PROJECTOR},
    "regex": {"target_modules": r".*language_model.*(q|o)_proj"},
    "ranks and alphas by layer": {
        "target_modules": ["q_proj", "down_proj"],
        "rank_pattern": {r"layers\.1\.self_attn\.q_proj": 2},
        "alpha_pattern": {"down_proj": 3},
    },
    "one layer": {"target_modules": ["q_proj"], "layers_to_transform": [1], "layers_pattern": "layers"},
    "the decoder alone": {"target_modules": ["q_proj"], "exclude_modules": ".*vision_tower.*"},
    "everything linear": {"target_modules": "all-linear"},
    "DoRA": {"target_modules": ["v_proj"], "use_dora": True},
    "rsLoRA": {"target_modules": ["v_proj"], "use_rslora": True},
    "the head": {"target_modules": ["lm_head"]},
}


@pytest.fixture(scope="module")
def inputs(llava_folder):
    rows = [[row["image"]] for row in pictures(3)]
    processor = load_processor(Arguments(str(llava_folder)))
    return Preprocessor(processor).inputs(["USER: <image>\nWhat is this? ASSISTANT:"] * 3, rows)


@pytest.fixture
def tuning(llava_folder):
    model = AutoModelForImageTextToText.from_pretrained(llava_folder).eval()
    return Tuning(model, str(llava_folder))


@torch.inference_mode()
def logits(model, inputs):
    return model(**inputs).logits


def made(folder, base, **config):
    return lora(base, folder, LoraConfig(r=4, lora_alpha=8, **config))


@pytest.mark.parametrize("older", [False, True], ids=["now", "before 4.52"])
@pytest.mark.parametrize("kind", CONFIGS)
def test_an_adapter_says_what_it_says_in_peft_itself(kind, older, tuning, llava_folder, inputs, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, **CONFIGS[kind])
    theirs = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(llava_folder), adapter).eval()
    if older:
        adapter = in_older_layout(adapter, tmp_path / "older")
    check_adapter(str(llava_folder), str(adapter), None)
    before = logits(tuning.model, inputs)
    tuning.use(str(adapter), None)
    assert_close(logits(tuning.model, inputs), logits(theirs, inputs))
    assert float((logits(tuning.model, inputs) - before).abs().max()) > 1e-2


def test_modules_named_in_full_in_the_older_layout_are_found(tuning, llava_folder, inputs, tmp_path):
    adapter = made(
        tmp_path / "adapter", llava_folder, target_modules=r".*language_model\.layers\.\d+\.self_attn\.q_proj"
    )
    tuning.use(str(adapter), None)
    wanted = logits(tuning.model, inputs)
    named = [f"language_model.model.layers.{layer}.self_attn.q_proj" for layer in range(2)]
    tuning.use(str(in_older_layout(adapter, tmp_path / "older", target_modules=named)), None)
    assert_close(logits(tuning.model, inputs), wanted)


def test_one_trained_in_the_llava_repository_is_for_the_decoder_alone(tuning, llava_folder, inputs, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, **CONFIGS["the decoder alone"])
    tuning.use(str(adapter), None)
    wanted = logits(tuning.model, inputs)
    theirs = in_llava_s_names(adapter, tmp_path / "theirs")
    config = json.loads((theirs / "adapter_config.json").read_text())
    (theirs / "adapter_config.json").write_text(json.dumps(config | {"exclude_modules": None}))
    with pytest.raises(EmtError, match=r"a checkpoint-N folder lacks the projector.*copy both files from .* into"):
        tuning.use(str(theirs), None)
    own = {name: t for name, t in load_file(llava_folder / "model.safetensors").items() if "projector" in name}
    save_file(own, tmp_path / "projector.safetensors")
    tuning.use(str(theirs), str(tmp_path / "projector.safetensors"))
    assert_close(logits(tuning.model, inputs), wanted)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_on_a_base_in_half_precision_the_arithmetic_is_peft_s_too(dtype, llava_folder, inputs, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"], modules_to_save=PROJECTOR)
    half = {name: value.to(dtype) if value.is_floating_point() else value for name, value in inputs.items()}
    ours, theirs = (AutoModelForImageTextToText.from_pretrained(llava_folder, dtype=dtype).eval() for _ in range(2))
    Tuning(ours, "base").use(str(adapter), None)
    assert torch.equal(logits(ours, half), logits(PeftModel.from_pretrained(theirs, adapter).eval(), half))


def test_other_kinds_of_adapters_on_layers_work_as_well(tuning, llava_folder, inputs, tmp_path):
    config = IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])
    adapter = lora(llava_folder, tmp_path / "adapter", config)
    theirs = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(llava_folder), adapter).eval()
    tuning.use(str(adapter), None)
    assert_close(logits(tuning.model, inputs), logits(theirs, inputs))


def test_after_an_adapter_the_base_is_what_it_was_bit_for_bit(tuning, llava_folder, inputs, tmp_path):
    adapter = made(tmp_path / "a", llava_folder, target_modules=["q_proj", "lm_head"], modules_to_save=PROJECTOR)
    before = {name: tensor.clone() for name, tensor in tuning.model.state_dict().items()}
    said, modules = logits(tuning.model, inputs), dict(tuning.model.named_modules())
    tuning.use(str(adapter), None)
    tuning.use(None, None)
    after = tuning.model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert dict(tuning.model.named_modules()) == modules
    assert_close(logits(tuning.model, inputs), said)


def test_a_sweep_gives_each_adapter_the_answers_it_has_alone(llava_folder, inputs, tmp_path):
    kinds = [CONFIGS["plain"], CONFIGS["projector too"], CONFIGS["DoRA"]]
    adapters = [made(tmp_path / str(place), llava_folder, **kind) for place, kind in enumerate(kinds)]
    swept = Tuning(AutoModelForImageTextToText.from_pretrained(llava_folder).eval(), "base")
    for adapter in adapters:
        alone = Tuning(AutoModelForImageTextToText.from_pretrained(llava_folder).eval(), "base")
        swept.use(str(adapter), None)
        alone.use(str(adapter), None)
        assert_close(logits(swept.model, inputs), logits(alone.model, inputs))


def refused(base, adapter, message):
    """Both by the check that loads nothing, and on a loaded base, which is left alone."""
    with pytest.raises(EmtError, match=message):
        check_adapter(str(base), str(adapter), None)
    model = AutoModelForImageTextToText.from_pretrained(base).eval()
    modules = dict(model.named_modules())
    with pytest.raises(EmtError, match=message):
        Tuning(model, str(base)).use(str(adapter), None)
    assert dict(model.named_modules()) == modules


def test_an_adapter_for_another_size_is_refused_with_both_sizes(llava_folder, wide_folder, tmp_path):
    adapter = made(tmp_path / "adapter", wide_folder, target_modules=["q_proj"])
    message = (
        r"adapter trained on '.*toy-llava-wide' \(hidden size 64\) can't load on '.*toy-llava' \(32\). Pass the base"
    )
    refused(llava_folder, adapter, message)


def test_a_projector_for_another_size_inside_an_adapter_is_refused_too(llava_folder, wide_folder, tmp_path):
    adapter = made(tmp_path / "adapter", wide_folder, target_modules=["fc1"], modules_to_save=PROJECTOR)
    refused(llava_folder, adapter, r"hidden size 64\) can't load on")


def test_an_adapter_of_another_family_is_refused(llava_folder, qwen_folder, tmp_path):
    adapter = made(tmp_path / "adapter", qwen_folder, target_modules=["qkv"])
    refused(llava_folder, adapter, r"trained on '.*toy-qwen'\) does not fit '.*toy-llava', a llava: no place for .*qkv")


def test_a_key_that_is_left_over_is_named(llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    more = edited(
        adapter, tmp_path / "more", lambda tensors: {**tensors, "base_model.model.stray.weight": torch.ones(1)}
    )
    refused(llava_folder, more, "no place for stray.weight")


def test_half_of_a_pair_is_named(llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    gone = "base_model.model.model.language_model.layers.1.self_attn.q_proj.lora_B.weight"
    less = edited(adapter, tmp_path / "less", lambda tensors: {key: tensors[key] for key in tensors if key != gone})
    refused(llava_folder, less, r"missing model.language_model.layers.1.self_attn.q_proj.lora_B.weight")


@pytest.mark.parametrize("older", [False, True], ids=["now", "before 4.52"])
def test_a_layer_that_is_not_in_the_file_is_named(older, llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=r".*language_model.*\.q_proj")
    if older:
        adapter = in_older_layout(adapter, tmp_path / "older")
    less = edited(
        adapter, tmp_path / "less", lambda tensors: {key: tensors[key] for key in tensors if ".1." not in key}
    )
    refused(
        llava_folder, less, "layers that its config names and its file lacks: model.language_model.layers.1.self_attn"
    )


def test_a_rank_that_differs_from_the_config_is_refused_with_both_shapes(llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["fc1"])
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | {"r": 8}))
    refused(llava_folder, adapter, "4x16 where 8x16 is needed")


@pytest.mark.parametrize("said", [{"r": 0}, {"r": "x"}, {"lora_alpha": "x"}, {"init_lora_weights": "corda"}])
def test_a_config_that_peft_can_t_follow_is_an_error_that_names_the_folder(said, llava_folder, tmp_path):
    folder = made(tmp_path / "ok", llava_folder, target_modules=["q_proj"])
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | said))
    with pytest.raises(EmtError, match=r"peft=.*ok"):
        check_adapter(str(llava_folder), str(folder), None)


def test_an_adapter_saved_by_torch_is_loaded_and_a_malicious_one_is_not(tuning, llava_folder, inputs, tmp_path):
    from test_tensor_files import Malicious

    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    tuning.use(str(adapter), None)
    wanted = logits(tuning.model, inputs)
    tensors = load_file(adapter / "adapter_model.safetensors")
    (adapter / "adapter_model.safetensors").unlink()
    torch.save(tensors, adapter / "adapter_model.bin")
    tuning.use(str(adapter), None)
    assert_close(logits(tuning.model, inputs), wanted)
    torch.save({**tensors, "more": Malicious(tmp_path / "was-run")}, adapter / "adapter_model.bin")
    refused(llava_folder, adapter, "it was not done")
    assert not (tmp_path / "was-run").exists()


def test_a_folder_without_an_adapter_or_with_half_of_one_is_called_that(llava_folder, tmp_path):
    refused(llava_folder, llava_folder, "no PEFT adapter. For a whole model use pretrained=")
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    (adapter / "adapter_model.safetensors").unlink()
    refused(llava_folder, adapter, "has a config but no weights")
    (adapter / "adapter_config.json").write_text("{")
    shutil.copy(llava_folder / "model.safetensors", adapter / "adapter_model.safetensors")
    refused(llava_folder, adapter, "is not JSON")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "LORRA"}, "Did you mean 'LORA'"),
        ({"bias": "all"}, "trains the base's biases"),
        ({"init_lora_weights": "pissa"}, "changes the base's weights as well"),
    ],
)
def test_what_can_t_be_taken_off_again_is_refused(change, message, llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps(config | change))
    refused(llava_folder, adapter, message)


@pytest.mark.parametrize("saved", [None, ["multi_modal_projector"]])
def test_pefts_own_soft_prompt_is_put_on_and_taken_off_without_a_trace(llava_folder, tmp_path, saved):
    config = PromptTuningConfig(
        num_virtual_tokens=2, token_dim=32, num_layers=2, num_attention_heads=4, task_type="CAUSAL_LM",
        modules_to_save=saved,
    )  # fmt: skip
    theirs = get_peft_model(AutoModelForImageTextToText.from_pretrained(llava_folder), config).eval()
    theirs.save_pretrained(tmp_path)
    model = AutoModelForImageTextToText.from_pretrained(llava_folder).eval()
    before, ids = {name: tensor.clone() for name, tensor in model.state_dict().items()}, torch.tensor([[5, 6, 7]])
    tuning = Tuning(model, str(llava_folder))
    tuning.use(str(tmp_path), None)
    own = torch.tensor([list(learnt_tokens(model))])
    with torch.no_grad():
        wanted = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        assert_close(model(input_ids=torch.cat([own, ids], dim=1)).logits, wanted)
    tuning.drop()
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_soft_prompt_of_another_width_is_refused(wide_folder, llava_folder, tmp_path):
    config = PromptTuningConfig(
        num_virtual_tokens=2, token_dim=32, num_layers=2, num_attention_heads=4, task_type="CAUSAL_LM"
    )
    get_peft_model(AutoModelForImageTextToText.from_pretrained(llava_folder), config).save_pretrained(tmp_path)
    refused(wide_folder, tmp_path, r"\(hidden size 32\) can't load on .*\(64\)")


def test_the_base_of_a_check_must_be_there(tmp_path):
    with pytest.raises(EmtError, match="there is no such folder"):
        check_adapter(str(tmp_path / "nowhere"), str(tmp_path), None)


def test_a_check_needs_no_weights_of_the_base(llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"])
    shutil.copytree(llava_folder, tmp_path / "bare", ignore=shutil.ignore_patterns("*.safetensors"))
    check_adapter(str(tmp_path / "bare"), str(adapter), None)


def test_two_projectors_at_once_are_refused(tuning, llava_folder, tmp_path):
    adapter = made(tmp_path / "adapter", llava_folder, target_modules=["q_proj"], modules_to_save=PROJECTOR)
    weights = {n: t.clone() for n, t in tuning.model.state_dict().items() if "multi_modal_projector" in n}
    save_file(weights, tmp_path / "projector.safetensors")
    with pytest.raises(EmtError, match="has a projector of its own"):
        tuning.use(str(adapter), str(tmp_path / "projector.safetensors"))
