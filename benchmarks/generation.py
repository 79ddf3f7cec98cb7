"""How fast answers come: our wrapper against a bare `generate` loop, and against lmms-eval's own `llava_hf`.

Each contender answers the same questions in a process of its own; they take turns, and medians and bests are printed.
The bare loop gets tensors that are ready; ours fetches, decodes and tokenizes. `llava_hf` takes one image at a time, so
it answers fewer, and images a second are compared. Nothing is asserted: look at the ratios.

    python benchmarks/generation.py                                          # a toy model, drawn pictures
    python benchmarks/generation.py --model FOLDER --data FOLDER_OF_A_SET    # a LLaVA, images of a set's test split
"""

import argparse
import statistics
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path

from contenders import PROMPT, SETTINGS, images_of, measured, requests, tests_importable

IN_STRINGS = "{% for m in messages %}{{ m.role | upper }}: {{ m.content }} {% endfor %}ASSISTANT:"  # llava_hf's form


def bare(model: str, data: str | None, prompt: str, count: int, batch: int) -> Callable[[], list[str]]:
    """Transformers' generate over tensors that are ready."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(model)
    processor.tokenizer.padding_side = "left"
    lm, rows = AutoModelForImageTextToText.from_pretrained(model).eval(), images_of(data)
    texts, pictures = (
        [f"USER: <image>\n{prompt} ASSISTANT:"] * batch,
        [rows[i % len(rows)]["image"] for i in range(count)],
    )
    ready = [
        processor(text=texts[: len(some)], images=[p.convert("RGB") for p in some], return_tensors="pt", padding=True)
        for some in (pictures[start : start + batch] for start in range(0, count, batch))
    ]

    def run() -> list[str]:
        made = [(x, lm.generate(**x, do_sample=False, max_new_tokens=SETTINGS["max_new_tokens"])) for x in ready]
        return [
            text
            for x, rows in made
            for text in processor.batch_decode(rows[:, x["input_ids"].shape[1] :], skip_special_tokens=True)
        ]

    return run


def ours(model: str, data: str | None, prompt: str, count: int, batch: int) -> Callable[[], list[str]]:
    """`emt_llava`, from rows to answers."""
    from model_wrappers.llava import EmtLlava

    lm, rows = EmtLlava(pretrained=model, batch_size=batch, device="cpu"), images_of(data)
    lm.task_dict = {"set": {"test": rows}}
    return lambda: lm.generate_until(requests(count, len(rows), prompt))


def harness(model: str, data: str | None, prompt: str, count: int, batch: int) -> Callable[[], list[str]]:  # noqa: ARG001
    """lmms-eval's `llava_hf`, one image at a time. It imports a video reader that it does not need here."""
    reader = types.ModuleType("decord")
    reader.VideoReader, reader.cpu = object, None  # type: ignore[attr-defined]
    sys.modules["decord"] = reader
    from lmms_eval.models.simple.llava_hf import LlavaHf

    lm = LlavaHf(pretrained=model, device="cpu", device_map="cpu", batch_size=1, chat_template=IN_STRINGS)
    rows = images_of(data)
    lm.task_dict = {"set": {"test": rows}}
    return lambda: lm.generate_until(requests(count, len(rows), prompt))


def main() -> None:
    """Print images a second of each contender, and both ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder of a LLaVA in transformers' format; default a toy")
    parser.add_argument("--data", help="folder of a set with a test split; default drawn pictures")
    parser.add_argument("--images", type=int, default=128, help="asked of ours and of the bare loop in a turn")
    parser.add_argument("--images-one-by-one", type=int, default=16, help="asked of llava_hf in a turn")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=7)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model, prompt = (said.model, PROMPT) if said.model else _toy(Path(folder))
        sizes = {"emt_llava": said.images, "bare loop": said.images, "llava_hf": said.images_one_by_one}
        prepares = {"emt_llava": ours, "bare loop": bare, "llava_hf": harness}
        found = measured(
            {name: (prepares[name], (model, said.data, prompt, count, said.batch)) for name, count in sizes.items()},
            said.repeats,
        )
    print(f"{'':12}{'batch':>6}{'images/s, median':>18}{'best':>8}")
    rates = {name: [sizes[name] / each for each in seconds] for name, (seconds, _) in found.items()}
    for name, each in rates.items():
        batch = 1 if name == "llava_hf" else said.batch
        print(f"{name:12}{batch:>6}{statistics.median(each):>18.1f}{max(each):>8.1f}")
    mine = rates["emt_llava"]
    for name, target in (("bare loop", 0.85), ("llava_hf", 8)):
        median, best = statistics.median(mine) / statistics.median(rates[name]), max(mine) / max(rates[name])
        print(f"emt_llava / {name}: {median:.2f} median, {best:.2f} best (wanted: {target})")
    told = {name: answers for name, (_, answers) in found.items()}
    same = [told["emt_llava"] == told["bare loop"], told["emt_llava"][: said.images_one_by_one] == told["llava_hf"]]
    print(f"same answers as the bare loop: {same[0]}, as llava_hf: {same[1]}")


def _toy(folder: Path) -> tuple[str, str]:
    """A LLaVA of some million weights that knows red from blue, and how to ask it."""
    tests_importable()
    import toy_models

    return str(toy_models.coloured(folder / "toy", hidden=192, layers=4)), toy_models.QUESTIONS[0]


if __name__ == "__main__":
    main()
