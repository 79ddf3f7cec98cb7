"""The wrappers that generate: a toy of each, the wrapper on it, and the bare `generate` loop that it is held against.

A bare loop gets tensors that are ready, and does nothing but call the models that the wrapper calls: no rows fetched,
no pictures decoded, no stop strings looked for.
"""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from contenders import PROMPT, SETTINGS, Run, images_of, requests, tests_importable

CLASSES = {
    "emt_llava": "model_wrappers.llava.EmtLlava",
    "emt_hf": "model_wrappers.hf.EmtHf",
    "emt_instructblip": "model_wrappers.instructblip.EmtInstructBlip",
    "emt_otter": "model_wrappers.otter.EmtOtter",
    "emt_lens vision": "model_wrappers.lens.EmtLens",  # tags and attributes, as its paper classifies
    "emt_lens all": "model_wrappers.lens.EmtLens",  # and ten captions, its package's default
}
CAPTIONS = {"do_sample": True, "top_k": 50, "max_length": 30, "min_length": 10}
EACH = 10  # captions of a picture


def toy(wrapper: str, folder: Path) -> dict[str, str]:
    """A toy checkpoint of the wrapper's family in `folder`; the arguments that name it."""
    tests_importable()
    import toy_instructblip
    import toy_lens
    import toy_models
    import toy_otter

    if wrapper.startswith("emt_lens"):
        return {**toy_lens.saved(folder), "threshold": "-1", "mode": wrapper.split(" ")[1]}
    make: dict[str, Callable[[Path], Path]] = {
        "emt_llava": lambda place: toy_models.llava(place, hidden=192, layers=4),
        "emt_hf": toy_models.qwen,
        "emt_instructblip": toy_instructblip.saved,
        "emt_otter": lambda place: toy_otter.toy_checkpoint(place, "mpt"),
    }
    return {"pretrained": str(make[wrapper](folder))}


def wrapped(wrapper: str, given: dict[str, str], count: int, batch: int, prompt: str = PROMPT) -> Run:
    """The wrapper, from rows to answers."""
    module, name = CLASSES[wrapper].rsplit(".", 1)
    lm = getattr(importlib.import_module(module), name)(**given, batch_size=batch, device="cpu")
    rows = images_of(None)
    lm.task_dict = {"set": {"test": rows}}
    return lambda: lm.generate_until(requests(count, len(rows), prompt))


def bare(wrapper: str, given: dict[str, str], count: int, batch: int, prompt: str = PROMPT) -> Run:
    """The models of the wrapper, over tensors that are ready."""
    return (_bare_lens if wrapper.startswith("emt_lens") else _bare_model)(wrapper, given, count, batch, prompt)


def _bare_model(wrapper: str, given: dict[str, str], count: int, batch: int, prompt: str) -> Run:
    import torch

    module, name = CLASSES[wrapper].rsplit(".", 1)
    lm = getattr(importlib.import_module(module), name)(**given, batch_size=1, device="cpu")
    processor, model = lm.processor, lm.model
    text = lm._preparation._prompts.text(prompt, 1)
    ready = [
        dict(processor(text=[text] * len(some), images=[[one] for one in some], return_tensors="pt", padding=True))
        for some in _in_batches(count, batch)
    ]
    start = 0 if model.config.is_encoder_decoder else ready[0]["input_ids"].shape[1]

    @torch.inference_mode()
    def run() -> list[str]:
        made = [model.generate(**x, do_sample=False, max_new_tokens=SETTINGS["max_new_tokens"]) for x in ready]
        return [
            said
            for rows in made
            for said in processor.tokenizer.batch_decode(rows[:, start:], skip_special_tokens=True)
        ]

    return run


def _bare_lens(wrapper: str, given: dict[str, str], count: int, batch: int, prompt: str) -> Run:  # noqa: ARG001
    import torch

    from model_wrappers.lens import EmtLens
    from model_wrappers.lens_stages.prompts import Description, lens_prompt

    lm = EmtLens(**given, batch_size=1, device="cpu")
    modules, model, tokenizer, mode = lm._modules, lm._model, lm._tokenizer, given["mode"]
    ready = [modules.inputs(some) for some in _in_batches(count, batch)]

    @torch.inference_mode()
    def run() -> list[str]:
        answers: list[str] = []
        for x in ready:
            features = torch.nn.functional.normalize(modules.encoder.model.encode_image(x["clip"]), dim=-1)
            seen = [vocabulary.nearest(features, 5, -1) for vocabulary in (modules.tags, modules.attributes)]
            captions = _captions(modules, x["blip"]) if mode == "all" else [()] * len(features)
            described = [Description(*parts) for parts in zip(*seen, captions, strict=True)]
            text = tokenizer([lens_prompt(one, prompt, mode) for one in described], padding=True, return_tensors="pt")
            made = model.generate(**text, do_sample=False, max_new_tokens=SETTINGS["max_new_tokens"])
            answers += tokenizer.batch_decode(made, skip_special_tokens=True)
        return answers

    return run


def _captions(modules: Any, pixels: Any) -> list[tuple[str, ...]]:
    """Of each picture, sampled as BLIP's own generation does."""
    import torch

    eyes = modules._blip.vision_model(pixel_values=pixels)[0].repeat_interleave(EACH, dim=0)
    begun = torch.tensor([modules._captioner._beginning]).expand(len(eyes), -1)
    written = modules._blip.text_decoder.generate(
        input_ids=begun, encoder_hidden_states=eyes, **CAPTIONS, **modules._captioner._ends
    )
    said = modules._captioner._tokenizer.batch_decode(written, skip_special_tokens=True)
    return [tuple(said[start : start + EACH]) for start in range(0, len(said), EACH)]


def _in_batches(count: int, batch: int) -> list[Sequence[Any]]:
    rows = images_of(None)
    pictures = [rows[place % len(rows)]["image"].convert("RGB") for place in range(count)]
    return [pictures[start : start + batch] for start in range(0, count, batch)]
