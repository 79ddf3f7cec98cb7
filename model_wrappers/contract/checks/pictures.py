"""Whether the model sees what it is asked about."""

from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.samples import LABELS, LISTED, generation, scoring
from model_wrappers.contract.subject import ROUNDING, ROWS, Subject


def sees_the_picture(subject: Subject) -> str:
    """Other pictures get other answers, or at least other likelihoods."""
    answers = subject.answers([generation(LISTED, row) for row in range(ROWS)])
    if len(set(answers)) > 1:
        return f"{len(set(answers))} different answers to {ROWS} pictures"
    try:
        found = subject.likelihoods([scoring(LISTED, f" {label}", row) for row in range(2) for label in LABELS[:2]])
    except DoesNotApply:
        found = []
    one, other = found[: len(found) // 2], found[len(found) // 2 :]
    if any(abs(float(first) - float(second)) > ROUNDING for (first, _), (second, _) in zip(one, other, strict=True)):
        return f"one answer to {ROWS} pictures, and its likelihood is another for each"
    raise Broken(
        f"{ROWS} different pictures all got {answers[0]!r}.",
        "Look whether doc_to_visual's pictures reach the model, and whether the prompt has a place for them.",
    )
