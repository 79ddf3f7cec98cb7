"""Whether labels are worth what full forward passes say."""

from typing import Any

import torch

from emt_tasks.tasks import choices_of
from model_wrappers.closed_set.full_passes import full_pass_scores
from model_wrappers.closed_set.label_tokens import fitting, label_seam
from model_wrappers.closed_set.label_trie import build_trie
from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.samples import LISTED, generation, scoring
from model_wrappers.contract.subject import Subject
from model_wrappers.generating.inputs import shorter

SCORED = 3  # rows
NEAR = 1e-4  # nats, in float32
DO = (
    "A score is the mean of -log p of the answer's tokens after the prompt, in nats. Compare with one plain forward "
    "pass over prompt and answer: mask, positions, and the tokens where the two meet."
)


def scores_are_those_of_full_passes(subject: Subject) -> str:
    """Labels, bare and in sentences, scored together, are worth what one full pass each says, to 1e-4 nats."""
    asked = [scoring(LISTED, f" {answer}", row) for row in range(SCORED) for answer in _answers(row)]
    together = subject.likelihoods(asked)
    lm = subject.lm
    if not _in_float32(lm):
        raise DoesNotApply("only float32 is exact enough to compare: pass dtype=float32")
    wanted = _by_full_passes(subject) if _shows_input(lm) else [subject.likelihoods([one])[0] for one in asked]
    largest = 0.0
    for request, (loss, greedy), (right, first) in zip(asked, together, wanted, strict=True):
        difference = abs(float(loss) - float(right))
        largest = max(largest, difference)
        if not difference <= NEAR or bool(greedy) != bool(first):
            label, row = request.args[1], request.args[3]
            raise Broken(
                f"{label!r} after row {row} is worth ({float(loss):.6f}, {bool(greedy)}), and by itself "
                f"({float(right):.6f}, {bool(first)}).",
                DO,
            )
    against = "one full forward pass each" if _shows_input(lm) else "each alone (the wrapper shows no model_input)"
    return f"{len(_answers(0))} labels of {SCORED} rows together, against {against}: within {largest:.0e} nats"


def _answers(row: int) -> tuple[str, ...]:
    """Bare labels after most rows, and after the last the same in a sentence."""
    return choices_of("emt_cifar10_choice" if row < SCORED - 1 else "emt_cifar10_choice_sentence")


def _by_full_passes(subject: Subject) -> list[tuple[float, bool]]:
    found = []
    for row in range(SCORED):
        shown = subject.lm.model_input(generation(LISTED, row))
        for answer in _answers(row):
            seam = label_seam(shown.tokenizer, shown.prompt, [fitting(shown.prompt, f" {answer}")], delimiter="")
            with torch.inference_mode():
                scores = full_pass_scores(shown.model, shorter(shown.inputs, seam.cut), build_trie(seam.labels))
            found.append((-float(scores.per_token[0, 0]), bool(scores.greedy[0, 0])))
    return found


def _shows_input(lm: Any) -> bool:
    from model_wrappers.wrapper import Wrapper

    return isinstance(lm, Wrapper) and type(lm).model_input is not Wrapper.model_input


def _in_float32(lm: Any) -> bool:
    model = getattr(lm, "model", None)
    return getattr(model, "dtype", torch.float32) in (torch.float32, torch.float64)
