"""Writes `lens_prompts.json`: what the `llm-lens` package (0.0.0.3 on PyPI) makes of given module outputs.

Run where its code imports (torch, transformers, open_clip, datasets), with the package's folder as the argument:

    pip download --no-deps llm-lens && unzip llm_lens-*.whl -d lens-package
    python tests/model_wrappers/make_lens_prompts.py lens-package
"""

import json
import random
import sys
from pathlib import Path
from types import SimpleNamespace

WORDS = ("airplane", "a photo of a dog", "wet fur", "horse, which has a mane", "grey sky", "red", "two wings", "truck")
MODES = ("all", "vqa", "vision")


def main(package: str) -> None:
    sys.path.insert(0, package)
    import torch
    from lens.model import Lens
    from lens.utils import create_prompt_sample

    chance = random.Random(0)
    prompts = []
    for mode in MODES:
        for number in (0, 1, 5):
            outputs = {name: chance.choices(WORDS, k=number) for name in ("tags", "attributes", "intensive_captions")}
            question = "What is the object in the image? Please only answer a single object in airplane, truck."
            samples = {name: [value] for name, value in outputs.items()} | {"questions": [question]}
            prompt = create_prompt_sample(samples, 0, mode=mode)
            prompts.append({"mode": mode, "question": question, **outputs, "prompt": prompt})
    torch.manual_seed(0)
    weights = torch.nn.functional.normalize(torch.randn(6, len(WORDS)), dim=0)
    features = torch.randn(7, 6)
    lens = SimpleNamespace(
        clip_model=SimpleNamespace(encode_image=lambda _: features.clone()), device="cpu", tags_weights=weights,
        vocab_tags=list(WORDS),
    )  # fmt: skip
    tags = [
        {"most": most, "least": least, "tags": Lens.forward_tags(lens, {"clip_image": features}, most, least)["tags"]}
        for most, least in ((5, 0.2), (3, 0.0), (8, 0.5))
    ]
    found = {"package": "llm-lens 0.0.0.3", "prompts": prompts, "phrases": WORDS}
    found |= {"features": features.tolist(), "weights": weights.tolist(), "tags": tags}
    path = Path(__file__).with_name("lens_prompts.json")
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    main(sys.argv[1])
