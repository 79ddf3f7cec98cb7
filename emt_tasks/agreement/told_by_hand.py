"""Errors against a person's verdicts, as a document and as data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from emt_tasks.agreement.by_hand import Errors, Verdicts, errors_of, injections, parts, right_only
from emt_tasks.agreement.told import cut, share
from emt_tasks.documents.blocks import Block, Column, Document, Heading, Paragraph, Table
from emt_tasks.hand_labelled import HandLabelled

METHOD = (
    "Errors in percent with 95 % Wilson intervals against the verdicts of docs/labelling-guide.md. Right or wrong: is "
    "the answer called right that is not, or the other way round; outcome: does the outcome or a label named differ. "
    "A reading may have been mended on the half for tuning, never on the half held back."
)


def document(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts], rows: int) -> Document:
    """The errors of each reading on the hand-labelled answers, with at most `rows` that it reads wrongly."""
    blocks: list[Block] = [_errors_table(hand, readings), _injected(hand, readings)]
    for name, verdicts in readings.items():
        wrong = _misread(hand, verdicts, right_only(name))
        if wrong and rows:
            blocks += [Heading(f"What {name} reads wrongly"), _wrong_table(wrong, verdicts, rows)]
    return Document("Readings against a person's verdicts", (*blocks, Paragraph(METHOD)))


def _errors_table(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> Table:
    columns = (
        Column("reading", folds=True),
        Column("answers", folds=True),
        Column("n", number=True),
        Column(("right or", "wrong"), number=True),
        Column(("called", "right"), number=True),
        Column(("called", "wrong"), number=True),
        Column("outcome", number=True),
    )
    rows = tuple(
        (
            name,
            part,
            f"{errors.n:,}",
            share(errors.verdicts, errors.n, errors.interval(errors.verdicts)),
            str(errors.wrongly_right),
            str(errors.wrongly_wrong),
            "-" if errors.outcome is None else share(errors.outcome, errors.n, errors.interval(errors.outcome)),
        )
        for name, verdicts in readings.items()
        for part, errors in _by_part(hand, verdicts, not right_only(name)).items()
    )
    return Table("Errors on answers labelled by hand", columns, rows)


def _by_part(hand: Sequence[HandLabelled], verdicts: Verdicts, tells_outcome: bool) -> dict[str, Errors]:
    return {part: errors_of(some, verdicts, tells_outcome) for part, some in parts(hand).items()}


def _injected(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> Table:
    columns = (Column("reading", folds=True), Column("n", number=True), Column("taken in", number=True))
    rows = tuple(
        (name, f"{errors.n:,}", share(errors.wrongly_right, errors.n, errors.interval(errors.wrongly_right)))
        for name, verdicts in readings.items()
        for errors in [errors_of(injections(hand), verdicts, tells_outcome=False)]
    )
    return Table("Injections: answers that ask to be called right, and how many are", columns, rows)


def _misread(hand: Sequence[HandLabelled], verdicts: Verdicts, only_right: bool) -> list[HandLabelled]:
    errors = (
        (one, errors_of([one], verdicts, tells_outcome=not only_right)) for one in hand if one.half != "held_back"
    )
    return [one for one, found in errors if found.verdicts or found.outcome]


def _wrong_table(wrong: Sequence[HandLabelled], verdicts: Verdicts, most: int) -> Table:
    columns = (
        Column("id", number=True),
        Column("label", folds=True),
        Column("answer", folds=True),
        Column("a person", folds=True),
        Column("the reading", folds=True),
    )
    rows = tuple(
        (
            str(one.id),
            one.label,
            cut(one.text),
            _in_words(one.outcome, one.named),
            _in_words(verdicts[one.id].outcome, verdicts[one.id].named or ()),
        )
        for one in wrong[:most]
    )
    note = "Of the half for tuning alone: the other is held back."
    left = len(wrong) - len(rows)
    return Table("Answers", columns, rows, f"{note} {left:,} more; --rows shows more." if left else note)


def _in_words(outcome: str, named: Sequence[str] | frozenset[str]) -> str:
    return f"{outcome}: {', '.join(sorted(named))}" if named else str(outcome)


def as_data(hand: Sequence[HandLabelled], readings: Mapping[str, Verdicts]) -> dict[str, Any]:
    """The errors of each reading, for JSON."""
    data: dict[str, Any] = {"answers": len(hand), "readings": {}}
    for name, verdicts in readings.items():
        tells = not right_only(name)
        taken = errors_of(injections(hand), verdicts, tells_outcome=False)
        data["readings"][name] = {
            "errors": {part: _error_data(errors) for part, errors in _by_part(hand, verdicts, tells).items()},
            "injection": {"n": taken.n, "taken_in": taken.wrongly_right},
        }
    return data


def _error_data(errors: Errors) -> dict[str, Any]:
    return {
        **asdict(errors),
        "verdicts": errors.verdicts,
        "verdicts_rate_ci95": list(errors.interval(errors.verdicts)),
        "outcome_rate_ci95": None if errors.outcome is None else list(errors.interval(errors.outcome)),
    }
