"""Whether an answer depends on what is asked beside it."""

from collections.abc import Sequence

from lmms_eval.api.instance import Instance

from model_wrappers.contract.findings import Broken
from model_wrappers.contract.samples import LENGTHS, LISTED, generation
from model_wrappers.contract.subject import BATCH, ROWS, Subject

TOGETHER = (2, 3, ROWS)


def any_batch_is_batch_1(subject: Subject) -> str:
    """Pictures asked together get the answers that each gets alone, in the order of the requests."""
    asked = [generation(LISTED, row) for row in range(ROWS)]
    alone = [subject.answers([one])[0] for one in asked]
    do = (
        "Look for what one row leaves to another: state, sorting that is not undone, a batch's statistics. In half "
        "precision rounding alone can do it: pass dtype=float32."
    )
    for size in TOGETHER:
        chunks = [asked[start : start + size] for start in range(0, ROWS, size)]
        found = [answer for chunk in chunks for answer in subject.answers(chunk)]
        _require_same(alone, found, f"asked {size} at once", do)
    _require_same(alone[::-1], subject.answers(asked[::-1]), "asked in reverse order", do)
    sizes = ", ".join(map(str, TOGETHER))
    return (
        f"{ROWS} pictures alone, {sizes} at once and in reverse: the same answers, {len(set(alone))} of them different"
    )


def padding_is_not_seen(subject: Subject) -> str:
    """Prompts of other lengths in a batch change nothing: what pads the shorter ones is masked, and stands before."""
    tokenizer = getattr(subject.lm, "tokenizer", None)
    left = "Set tokenizer.padding_side = 'left' and pass the attention mask on (base.HFModel does both)."
    asked = [generation(LENGTHS[row % len(LENGTHS)], row) for row in range(ROWS)]
    alone = [subject.answers([one])[0] for one in asked]
    _require_same(alone, _by_fours(subject, asked), "asked beside prompts of other lengths", left)
    _require_same(alone, subject.answers(asked), "asked beside prompts of other lengths", left)
    side = getattr(tokenizer, "padding_side", None)
    if side == "right":
        raise Broken("The tokenizer pads on the right, where answers go on.", left)
    return f"prompts of {len(LENGTHS)} lengths, together as alone" + (f"; padded on the {side}" if side else "")


def _by_fours(subject: Subject, asked: Sequence[Instance]) -> list[str]:
    starts = range(0, len(asked), BATCH)
    return [answer for start in starts for answer in subject.answers(asked[start : start + BATCH])]


def _require_same(alone: Sequence[str], found: Sequence[str], how: str, do: str) -> None:
    for row, (one, other) in enumerate(zip(alone, found, strict=True)):
        if one != other:
            raise Broken(f"Request {row} got {one[:60]!r} alone and {other[:60]!r} {how}.", do)
