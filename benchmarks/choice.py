"""How long scoring the 100 labels of CIFAR-100 takes, bare and in sentences, beside one full forward pass for each.

    python benchmarks/choice.py                                  # a toy LLaVA built from its config
    python benchmarks/choice.py --model path/or/hub-id --batch 4

All ways do their work in turns, on the paper's prompt; the ratios are of medians, and of the quickest runs.
"""

import argparse
import statistics
import time
import zlib
from collections.abc import Callable
from functools import partial
from textwrap import wrap
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, CLIPVisionConfig, LlamaConfig, LlavaConfig
from transformers import LlavaForConditionalGeneration as Llava

from emt_tasks.tasks import choices_of, prompt_of
from model_wrappers.closed_set.label_scores import content_free_image
from model_wrappers.closed_set.label_tokens import label_seam
from model_wrappers.closed_set.label_trie import LabelTrie, build_trie
from model_wrappers.closed_set.scoring import largest_difference, score_labels

LABELS, SENTENCES = choices_of("emt_cifar100_choice"), choices_of("emt_cifar100_choice_sentence")
QUESTION = prompt_of("emt_cifar100_choice")
PATCHES, IMAGE, END = 16, 1, 2


class Asked(NamedTuple):
    """A model, the inputs of its prompt, and what is scored after it."""

    model: Any
    inputs: dict[str, Any]
    bare: LabelTrie
    sentences: LabelTrie


def toy() -> Asked:
    """A LLaVA of 5 million weights with random ones; every four letters of a word are a token."""
    sizes = {"hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 6, "intermediate_size": 512}
    vision = {"image_size": 32, "patch_size": 8, "hidden_size": 192, "num_hidden_layers": 6, "intermediate_size": 768}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision, num_attention_heads=6),
        text_config=LlamaConfig(**sizes, vocab_size=700, initializer_range=0.1),
        image_token_index=IMAGE,
        vision_feature_layer=-1,
    )
    torch.manual_seed(0)
    ids = torch.tensor([[5] + [IMAGE] * PATCHES + pieces(f"{QUESTION} ASSISTANT:")])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": torch.randn(1, 3, 32, 32)}
    bare, sentences = (build_trie(list(map(pieces, some))) for some in (LABELS, SENTENCES))
    return Asked(Llava(config), inputs, bare, sentences)


def pieces(text: str) -> list[int]:
    """Token ids of `text`, one for every four letters of a word and one for a full stop."""
    parts = [part for word in text.replace(".", " .").split() for part in wrap(word, 4)]
    return [10 + zlib.crc32(part.encode()) % 690 for part in parts]


def loaded(name: str) -> Asked:
    """A model of the hub or a folder, with its own processor and template."""
    processor = AutoProcessor.from_pretrained(name)
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    seam, others = (label_seam(processor.tokenizer, prompt, some) for some in (LABELS, SENTENCES))
    if seam.cut != others.cut:
        raise SystemExit(f"{name}: labels and sentences don't follow the prompt alike; there is no one prompt to time")
    inputs = dict(processor(text=prompt, images=content_free_image((32, 32)), return_tensors="pt"))
    kept = inputs["input_ids"].shape[1] - seam.cut
    inputs.update({name: inputs[name][:, :kept] for name in ("input_ids", "attention_mask")})
    model = AutoModelForImageTextToText.from_pretrained(name, dtype=torch.float32)
    return Asked(model, inputs, build_trie(seam.labels), build_trie(others.labels))


def with_tokens(inputs: dict[str, Any], tokens: tuple[int, ...]) -> dict[str, Any]:
    """The inputs of one plain pass over the prompt and these tokens after it."""
    after = torch.tensor(tokens).expand(len(inputs["input_ids"]), -1)
    ids = torch.cat([inputs["input_ids"], after], dim=1)
    return {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}


def turns(each: list[Callable[[], object]], ways: dict[str, Callable[[], object]], repeats: int) -> list[list[float]]:
    """Seconds of every single run: first those of `each` (one a label), then those of each way.

    A turn runs all of `each` and after every tenth of them each way once, so that whatever else the machine does
    falls on all of them alike. The first turn is not counted.
    """
    taken: list[list[float]] = [[] for _ in range(1 + len(ways))]
    for turn in range(repeats + 1):
        for number, label in enumerate(each):
            runs = [(0, label), *enumerate(ways.values(), 1)] if number % 10 == 0 else [(0, label)]
            for column, run in runs:
                start = time.perf_counter()
                run()
                if turn:
                    taken[column].append(time.perf_counter() - start)
    return taken


@torch.inference_mode()
def main() -> None:
    """Print the ratios, with and without the end of the answer as part of the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="hub id or folder of an image-text-to-text model; a toy without it")
    parser.add_argument("--batch", type=int, default=1, help="images at once, in every way")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    model, one, trie, sentences = loaded(asked.model) if asked.model else toy()
    model.eval()
    inputs = {name: value.expand(asked.batch, *value.shape[1:]).contiguous() for name, value in one.items()}
    prompt, nodes = inputs["input_ids"].shape[1], len(trie.tokens)
    plain = with_tokens(inputs, trie.tokens)
    print(
        f"{len(LABELS)} labels: {nodes} nodes, {trie.inner} of them inner, after {prompt} tokens; batch {asked.batch}"
    )
    print(f"in sentences: {len(sentences.tokens)} nodes, {sentences.inner} of them inner")
    differences = (largest_difference(model, inputs, some, [END]) for some in (trie, sentences))
    print("largest difference from full passes, bare and in sentences: {:.1e} and {:.1e} nats".format(*differences))
    ways: dict[str, Callable[[], object]] = {
        "one plain pass over as many tokens": lambda: model(**plain, use_cache=False),
        "labels scored": lambda: score_labels(model, inputs, trie),
        "labels scored with their end": lambda: score_labels(model, inputs, trie, [END]),
        "in sentences": lambda: score_labels(model, inputs, sentences),
        "in sentences with their end": lambda: score_labels(model, inputs, sentences, [END]),
    }
    each: list[Callable[[], object]] = [
        partial(model, **with_tokens(inputs, label), use_cache=False) for label in trie.sequences
    ]
    runs = turns(each, ways, asked.repeats)
    measures: list[tuple[str, Callable[[list[float]], float]]] = [("median", statistics.median), ("quickest", min)]
    for called, measure in measures:  # the quickest runs are those that nothing else disturbed
        label, floor, *scored = map(measure, runs)
        print(f"{called}: one full pass for each label {1000 * len(each) * label:.1f} ms")
        for name, seconds in zip(ways, (floor, *scored), strict=True):
            ratios = f"{len(each) * label / seconds:.0f} times quicker, {seconds / floor:.2f} of the one plain pass"
            print(f"  {name:<36}{1000 * seconds:>8.1f} ms  {ratios}")
        print(f"  sentences over labels, with their end: {scored[3] / scored[1]:.2f}")


if __name__ == "__main__":
    main()
