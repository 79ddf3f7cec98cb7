"""A comparison as a document."""

from collections.abc import Sequence
from string import ascii_uppercase

from emt_tasks.comparison.changes import Change, Interval, TaskChange
from emt_tasks.comparison.comparison import Comparison
from emt_tasks.documents.blocks import Block, Column, Document, Heading, Items, Paragraph, Table
from emt_tasks.runs.records import Run
from emt_tasks.statistics.power import in_words

MOST_LETTERS = 200  # of an answer in a table; JSON has all of it
PAIRED_BY = {"image": "picture", "id": "their tables' ids", "doc_id": "their numbers in the log"}
METHOD = (
    "Accuracies in percent with 95 % Wilson intervals; differences in points, B less A, "
    "with 95 % Newcombe intervals (method 10); p is McNemar's exact test, two-sided, and beside it Holm's correction "
    "over the tasks of two runs. A change in one class or outcome is not corrected for there being several."
)


def document(comparison: Comparison, *, classes: int, rows: int) -> Document:
    """What to tell of a comparison.

    Args:
        comparison: it.
        classes: at most so many classes of each task, those that changed most.
        rows: at most so many of the rows that only one of two runs has right.
    """
    letters = letters_of(comparison.runs)
    blocks: list[Block] = [_runs(comparison.runs, letters), _accuracies(comparison.changes, letters)]
    for change in comparison.changes:
        pair = f"{letters[change.a]} to {letters[change.b]}"
        blocks.append(Heading(f"{change.task}, {change.reading}, {pair}"))
        blocks.append(Paragraph(_counts(change, letters)))
        if change.outcomes:
            blocks.append(_changes("Shares of the outcomes", "outcome", change.outcomes, letters, change))
        if classes:
            blocks.append(_changes("Accuracy by class", "class", _most_changed(change, classes), letters, change))
        if rows:
            blocks += _differing(change, letters, rows)
    if comparison.problems:
        blocks += [Heading("What to know of these runs"), Items(tuple(map(str, comparison.problems)))]
    return Document("Comparison of runs", (*blocks, Paragraph(method(comparison.changes))))


def method(changes: Sequence[TaskChange]) -> str:
    """How the numbers came about, and what the rows were really paired by."""
    ways = dict.fromkeys(change.paired_by for change in changes)
    return f"Rows are paired by {', some tasks by '.join(PAIRED_BY[way] for way in ways)}. {METHOD}"


def letters_of(runs: Sequence[Run]) -> dict[str, str]:
    """A short name for each run by its name: A, B, C, ..., then R27 and so on."""
    return {
        run.name: ascii_uppercase[place] if place < len(ascii_uppercase) else f"R{place + 1}"
        for place, run in enumerate(runs)
    }


def points(difference: float) -> str:
    """A difference of two shares, in points, with its sign.

    >>> points(-0.1234), points(0.0)
    ('-12.3', '0.0')
    """
    text = f"{100 * difference:+.1f}"
    return text[1:] if text in ("+0.0", "-0.0") else text


def p_value(p: float) -> str:
    """A p as it is read: three decimals, or that it is less.

    >>> p_value(0.03125), p_value(0.00002)
    ('0.031', '<0.001')
    """
    return f"{p:.3f}" if p >= 0.0005 else "<0.001"


def _runs(runs: Sequence[Run], letters: dict[str, str]) -> Table:
    columns = (Column("letter"), *(Column(head, folds=True) for head in ("run", "model", "checkpoint")))
    rows = tuple((letters[run.name], run.name, run.identity.model, run.identity.checkpoint) for run in runs)
    return Table("Runs", columns, rows)


def _interval(interval: Interval) -> str:
    return f"[{100 * interval[0]:.1f}, {100 * interval[1]:.1f}]"


def _share(share: float, interval: Interval) -> tuple[str, str]:
    return f"{100 * share:.1f}", _interval(interval)


def _difference(change: Change) -> tuple[str, str]:
    low, high = change.interval
    return points(change.table.difference), f"[{points(low)}, {points(high)}]"


def _accuracies(changes: Sequence[TaskChange], letters: dict[str, str]) -> Table:
    """One line a task and pair; the letters of the pair are in the heads where there is one pair alone."""
    pairs = {(change.a, change.b) for change in changes}
    several = len({change.reading for change in changes}) > 1
    first, second = (letters[name] for name in next(iter(pairs))) if len(pairs) == 1 else ("from", "to")
    columns = (
        Column("task", folds=True),
        *((Column("runs"),) if len(pairs) > 1 else ()),
        Column("n", number=True),
        *(Column((head, "95 %"), number=True) for head in (first, second, f"{second}-{first}")),
        Column(("p", "Holm"), number=True),
    )
    rows = tuple(
        (
            (change.task, change.reading) if several else change.task,
            *((f"{letters[change.a]}-{letters[change.b]}",) if len(pairs) > 1 else ()),
            f"{change.n:,}",
            _share(change.accuracy.table.share_a, change.accuracy.interval_a),
            _share(change.accuracy.table.share_b, change.accuracy.interval_b),
            _difference(change.accuracy),
            (p_value(change.p), p_value(change.p_holm)),
        )
        for change in changes
    )
    return Table("Accuracy, percent, and its change, points", columns, rows)


def _counts(change: TaskChange, letters: dict[str, str]) -> str:
    table, a, b = change.accuracy.table, letters[change.a], letters[change.b]
    right = f"{table.both:,} right in both, {table.only_a:,} only in {a}, {table.only_b:,} only in {b}"
    parts = [f"{table.n:,} rows paired by {change.paired_by}: {right}, {table.neither:,} in neither."]
    if change.unpaired_a or change.unpaired_b:
        parts.append(f"Rows without a pair, left out: {change.unpaired_a:,} of {a}, {change.unpaired_b:,} of {b}.")
    if change.unscored:
        parts.append(f"Pairs with an unscored answer, left out: {change.unscored:,}.")
    parts.append(in_words(change.n, change.shows))
    return " ".join(parts)


def _changes(caption: str, head: str, changes: Sequence[Change], letters: dict[str, str], of: TaskChange) -> Table:
    a, b = letters[of.a], letters[of.b]
    heads = ("n", a, b, f"{b}-{a}", "95 %")
    columns = (Column(head, folds=True), *(Column(each, number=True) for each in heads))
    rows = tuple(
        (
            change.what,
            f"{change.table.n:,}",
            f"{100 * change.table.share_a:.1f}",
            f"{100 * change.table.share_b:.1f}",
            *_difference(change),
        )
        for change in changes
    )
    rest = len(of.classes) - len(changes) if changes and changes[0] in of.classes else 0
    note = f"{rest} classes that changed less are left out" if rest > 0 else ""
    return Table(f"{caption}, percent", columns, rows, note)


def _most_changed(change: TaskChange, most: int) -> tuple[Change, ...]:
    """The classes that changed most, the greatest loss first."""
    kept = sorted(change.classes, key=lambda one: -abs(one.table.difference))[:most]
    return tuple(one for one in change.classes if one in kept)


def _differing(change: TaskChange, letters: dict[str, str], most: int) -> list[Block]:
    found: list[Block] = []
    for name, rows in ((change.a, change.lost), (change.b, change.gained)):
        if rows:
            columns = (Column("row", number=True), Column("label", folds=True), *_answers(change, letters))
            cells = tuple((str(a.doc_id), a.label, shortened(a.raw), shortened(b.raw)) for a, b in rows[:most])
            note = f"the first {most} of {len(rows):,}, in the order of their hashes" if len(rows) > most else ""
            found.append(Table(f"Only {letters[name]} is right", columns, cells, note))
    return found


def shortened(answer: str) -> str:
    """An answer's beginning, where it is longer than a table can hold."""
    return answer if len(answer) <= MOST_LETTERS else f"{answer[:MOST_LETTERS]} [... {len(answer):,} characters]"


def _answers(change: TaskChange, letters: dict[str, str]) -> tuple[Column, Column]:
    return Column(f"{letters[change.a]} says", folds=True), Column(f"{letters[change.b]} says", folds=True)
