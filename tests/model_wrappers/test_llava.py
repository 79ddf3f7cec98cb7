import json
import shutil
from pathlib import Path

import pytest
from toy_requests import ask, generate, pictures

from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava


def test_a_checkpoint_from_before_processors_counted_tokens_answers_as_a_new_one(llava_folder, tmp_path):
    old = Path(shutil.copytree(llava_folder, tmp_path / "old"))
    config = json.loads((old / "processor_config.json").read_text())
    for name in ("patch_size", "num_additional_image_tokens", "vision_feature_select_strategy"):
        config.pop(name)
    (old / "processor_config.json").write_text(json.dumps(config))
    (old / "chat_template.jinja").unlink()  # and from before they had templates
    rows = pictures(3)
    asked = [generate("What?", row) for row in range(3)]
    models = [EmtLlava(pretrained=str(folder), batch_size=3, device="cpu") for folder in (old, llava_folder)]
    assert ask(models[0], asked, rows) == ask(models[1], asked, rows)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_answers(dtype, llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), dtype=dtype, batch_size=2, device="cpu")
    assert all(ask(lm, [generate("What?", row) for row in range(2)], pictures(2)))


def test_emt_hf_loads_llava_as_well(llava_folder):
    rows = pictures(3)
    asked = [generate("What?", row) for row in range(3)]
    one, other = (model(pretrained=str(llava_folder), batch_size=3, device="cpu") for model in (EmtLlava, EmtHf))
    assert ask(one, asked, rows) == ask(other, asked, rows)
