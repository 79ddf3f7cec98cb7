"""Images a second of fine-tuning: ours, a minimal hand-written loop, and TRL's SFT trainer; and peak memory by method.

`python benchmarks/tuning.py` takes some minutes. All three train the same toy LLaVA (a million and a half weights) on
the same drawings, in batches of 16, float32 on a CPU, with the same weights learning; rounds alternate, and
ratios are medians of the rounds' own. `--memory` measures peak memory by method, each in a process of its own.
`--flops` counts the operations of LLaVA-1.5-7b's training step on the meta device, and estimates the time on two A100.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from finetuning.recipes.recipe import read_recipe
from finetuning.toy.data import SetSizes, write_toy_data
from finetuning.toy.llava import ModelSizes, conversation, toy_llava, toy_processor, untrained_tower
from finetuning.toy.quickstart import quiet_libraries
from finetuning.training.answer_trainer import AnswerTrainer
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.training.collation import IGNORED
from finetuning.training.job import Job
from finetuning.training.methods import prepare

BATCH, ROUNDS, WARM = 16, 5, 3  # rows; rounds; steps before the clock starts
METHODS = ("linear", "lora", "full")


def made(folder: Path, rows: int, wide: bool = False) -> Any:
    """A base and a function that makes a job for a method."""
    quiet_libraries()
    write_toy_data(folder / "sets", 0, SetSizes(drawing_trains=-(-rows // 10)))
    sizes = ModelSizes(language_width=512, language_layers=8) if wide else ModelSizes()

    def job(method: str, **fields: Any) -> Job:
        recipe = read_recipe(f"toy-{method}", {"epochs": 1, "fractions": [], "template": "paper", **fields})
        return Job(
            recipe,
            str(folder / "base"),
            [f"cifar10?rows={rows}"],
            folder / "out",
            data_dir=folder / "sets",
            device="cpu",
        )

    words = {conversation(record) for record in job("linear").rows}
    processor = toy_processor(sizes, sorted(words))
    toy_llava(sizes, processor, untrained_tower(sizes, 0), 0).save_pretrained(folder / "base")
    processor.save_pretrained(folder / "base")
    return job


class Clock:
    """Images a second between the end of step `WARM` and the last step's."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def step(self, *_: Any) -> None:
        """A step has ended."""
        self.ends.append(time.perf_counter())

    @property
    def speed(self) -> float:
        """Images a second."""
        return BATCH * (len(self.ends) - WARM) / (self.ends[-1] - self.ends[WARM - 1])


def ours(base: LoadedBase, job: Job) -> float:
    """The trainer of `emt finetune`, as `tune` makes it, without checkpoints."""
    from finetuning.training.additions import Additions
    from finetuning.training.schedule import Schedule
    from finetuning.tuning.one_start import OneStart

    clock, prepared = Clock(), prepare(base, job.recipe, 0)
    training = OneStart(job, Schedule(job.recipe, len(job.rows)), prepared, Additions(), {}, shown=False)
    trainer: AnswerTrainer = training.trainer()
    trainer.hooks = trainer.hooks.__class__(keep=lambda *_: False, due=frozenset())
    for callback in trainer.callback_handler.callbacks:
        if hasattr(callback, "_hooks"):
            callback._hooks = trainer.hooks.__class__(keep=lambda *_: False, due=frozenset(), advance=clock.step)
    trainer.train()
    prepared.undo()
    return clock.speed


def by_hand(base: LoadedBase, job: Job) -> float:
    """What one would write in half an hour: the processor for each batch, the model's own loss, AdamW, cosine."""
    from transformers import get_cosine_schedule_with_warmup

    clock, prepared = Clock(), prepare(base, job.recipe, 0)
    model, processor = prepared.model, base.processor
    optimizer = torch.optim.AdamW(prepared.learnt.values(), lr=job.recipe.optimizer.learning_rate, weight_decay=0)
    steps = -(-len(job.rows) // BATCH)
    scheduler = get_cosine_schedule_with_warmup(optimizer, int(0.03 * steps), steps)
    order = torch.randperm(len(job.rows)).tolist()
    model.train()
    for start in range(0, len(order), BATCH):
        rows = [job.rows[place] for place in order[start : start + BATCH]]
        turns = [
            [
                {
                    "role": "user",
                    "content": [{"type": "image"}, {"type": "text", "text": row.prompt.replace("<image>", "")}],
                }
            ]
            for row in rows
        ]
        prompts = [processor.apply_chat_template(turn, add_generation_prompt=True) for turn in turns]
        texts = [f"{prompt} {row.answer}</s>" for prompt, row in zip(prompts, rows, strict=True)]
        images = [[row.image] for row in rows]
        batch = processor(text=texts, images=images, padding=True, padding_side="right", return_tensors="pt")
        lengths = processor(text=prompts, images=images, padding=True, padding_side="right", return_tensors="pt")[
            "attention_mask"
        ].sum(1)
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, IGNORED)
        labels[torch.arange(labels.shape[1]) < lengths[:, None]] = IGNORED
        loss = model(**batch, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(prepared.learnt.values(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        clock.step()
    prepared.undo()
    return clock.speed


def by_trl(base: LoadedBase, job: Job) -> float:
    """TRL's SFTTrainer with its own collator for pictures, loss on the completion alone."""
    import datasets
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Told(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.step()

    clock, prepared = Clock(), prepare(base, job.recipe, 0)
    processor = base.processor
    processor.tokenizer.padding_side = "right"
    rows = [
        {
            "images": [row.image],
            "prompt": [{"role": "user", "content": row.prompt.replace("<image>", "")}],
            "completion": [{"role": "assistant", "content": row.answer}],
        }
        for row in job.rows
    ]
    settings = SFTConfig(
        output_dir=str(job.out / "trl"), per_device_train_batch_size=BATCH, num_train_epochs=1, max_length=None,
        learning_rate=job.recipe.optimizer.learning_rate, lr_scheduler_type="cosine", warmup_steps=0.03, bf16=False,
        save_strategy="no", report_to="none", logging_strategy="no", use_cpu=True, gradient_checkpointing=False,
        completion_only_loss=True, disable_tqdm=True, remove_unused_columns=False,
    )  # fmt: skip
    trainer = SFTTrainer(
        model=prepared.model, args=settings, train_dataset=datasets.Dataset.from_list(rows), processing_class=processor,
        callbacks=[Told()],
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    processor.tokenizer.padding_side = "left"
    prepared.undo()
    return clock.speed


def speeds(rows: int, rounds: int, methods: tuple[str, ...]) -> None:
    """Print images/s of each contender and our ratio to the others."""
    with tempfile.TemporaryDirectory() as place:
        job = made(Path(place), rows)
        base = load_base(str(Path(place) / "base"), "cpu")
        for method in methods:
            found: dict[str, list[float]] = {"ours": [], "by hand": [], "TRL": []}
            for turn in range(rounds):
                contenders = list(zip(found, (ours, by_hand, by_trl), strict=True))
                for name, contender in contenders if turn % 2 else reversed(contenders):
                    found[name].append(contender(base, job(method)))
            line = ", ".join(f"{name} {statistics.median(values):.0f}" for name, values in found.items())
            ratios = {
                name: statistics.median(a / b for a, b in zip(found["ours"], found[name], strict=True))
                for name in ("by hand", "TRL")
            }
            said = ", ".join(f"{ratio:.2f} of {name}" for name, ratio in ratios.items())
            print(f"{method}: images/s {line}; ours is {said}", flush=True)


def peak(method: str) -> None:
    """Train a wider toy for some steps, and print how much memory it took beyond the loaded base."""
    with tempfile.TemporaryDirectory() as place:
        job = made(Path(place), 160, wide=True)
        base = load_base(str(Path(place) / "base"), "cpu")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if method != "none":
            ours(base, job(method))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        weights = sum(weight.numel() for weight in base.model.parameters()) * 4
        print(json.dumps({"method": method, "weights_mb": weights / 1e6, "beyond_mb": (after - before) / 1e3}))


def memory() -> None:
    """Peak memory of each method, in processes of their own."""
    for method in METHODS:
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, __file__, "--peak", method], capture_output=True, text=True, check=True
        )
        print(done.stdout.strip().splitlines()[-1], flush=True)


def flops() -> None:
    """Operations of one row's forward and backward pass through LLaVA-1.5-7b, by method, without its weights."""
    from peft import inject_adapter_in_model
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    from finetuning.training.lora import language_model_of, lora_config, projector_name

    text = LlamaConfig(
        vocab_size=32064, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32
    )
    vision = CLIPVisionConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16,
        image_size=336, patch_size=14, projection_dim=768,
    )  # fmt: skip
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=32000)
    eager = {"attn_implementation": "eager"}  # whose products the counter sees
    prompt, answer, pictures = 30, 12, 576  # tokens: of the question in its template, of the answer, of the picture
    for method in METHODS:
        with torch.device("meta"):
            model = LlavaForConditionalGeneration._from_config(config, **eager).to(torch.bfloat16).eval()
        model.requires_grad_(False)
        if method == "lora":
            said = lora_config(model, read_recipe("lora").lora)
            said.modules_to_save = None
            with torch.device("meta"):
                inject_adapter_in_model(said, model)
        parts = [model.get_submodule(projector_name(model))]
        parts += [language_model_of(model)[1], model.get_output_embeddings()] if method == "full" else []
        for part in parts:
            part.requires_grad_(True)
        learnt = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        length = prompt + pictures + answer
        with torch.device("meta"):
            features = torch.empty(1, 3, 336, 336, dtype=torch.bfloat16)
            embeds = torch.empty(1, length, 4096, dtype=torch.bfloat16)
            mask, places = torch.empty(1, 1, length, length, dtype=torch.bfloat16), torch.arange(length)[None]
        counter = FlopCounterMode(display=False)
        with counter:
            seen = model.model.vision_tower(features).last_hidden_state[:, 1:]
            spliced = torch.cat(
                [embeds[:, :prompt], model.model.multi_modal_projector(seen), embeds[:, prompt + pictures :]], dim=1
            )
            hidden = model.model.language_model(
                inputs_embeds=spliced, attention_mask=mask, position_ids=places, use_cache=False
            ).last_hidden_state
            model.lm_head(hidden[:, -answer:]).float().sum().backward()
        each = counter.get_total_flops()
        for share in (0.3, 0.5):
            seconds = 50_000 * 3 * each / (2 * 312e12 * share)
            print(
                f"{method}: {learnt / 1e6:,.0f} M numbers learn, {each / 1e12:.2f} TFLOP a row; "
                f"3 epochs of 50,000 rows on 2 A100 at {share:.0%} of 312 TFLOP/s: {seconds / 3600:.1f} h",
                flush=True,
            )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak")
    parser.add_argument("--flops", action="store_true")
    said = parser.parse_args()
    if said.peak:
        peak(said.peak)
    elif said.memory:
        memory()
    elif said.flops:
        flops()
    else:
        speeds(said.rows, said.rounds, tuple(said.methods.split(",")))


if __name__ == "__main__":
    main()
