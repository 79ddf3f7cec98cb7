"""Prompts and tags against those that the `llm-lens` package made (see `make_lens_prompts.py`)."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from model_wrappers.lens_stages.prompts import MODES, Description, lens_prompt
from model_wrappers.lens_stages.vocabulary import Vocabulary

MADE = json.loads(Path(__file__).with_name("lens_prompts.json").read_text(encoding="utf8"))


@pytest.mark.parametrize("case", MADE["prompts"], ids=lambda case: f"{case['mode']}-{len(case['tags'])}")
def test_prompts_are_those_of_the_package(case):
    said = Description(*(tuple(case[name]) for name in ("tags", "attributes", "intensive_captions")))
    assert lens_prompt(said, case["question"], case["mode"]) == case["prompt"]


@pytest.mark.parametrize("case", MADE["tags"], ids=lambda case: f"{case['most']}-{case['least']}")
def test_tags_are_those_of_the_package(case):
    vocabulary = Vocabulary(tuple(MADE["phrases"]), torch.tensor(MADE["weights"]))
    features = normalize(torch.tensor(MADE["features"]), dim=-1)
    assert [list(tags) for tags in vocabulary.nearest(features, case["most"], case["least"])] == case["tags"]


def test_every_mode_of_ours_has_a_case():
    assert {case["mode"] for case in MADE["prompts"]} == set(MODES)
