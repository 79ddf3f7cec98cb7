"""The door to the harness's scoring: a reading and its row become an outcome, and outcomes a line of the results."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emt_tasks.intervals import wilson
from emt_tasks.outcomes import Outcome, outcome_of

if TYPE_CHECKING:
    from emt_tasks.filters import Carried


def process_results(doc: Mapping[str, Any], results: Sequence["Carried"]) -> dict[str, Any]:
    """What a row counts under one reading: `accuracy`, 0 or 1 for each other outcome, `foreign`, the record `emt`.

    Args:
        doc: a row as `emt_tasks.docs` makes them; its picture is not needed.
        results: the reading of the row's answer, as a filter carries it.
    """
    reading = results[0].reading
    label = doc["labels"][doc["label"]]
    outcome = outcome_of(reading, label)
    counts = {other.value: float(outcome is other) for other in Outcome if other is not Outcome.CORRECT}
    record = {
        "reading": reading.reading,
        "raw": reading.raw,
        "label": label,
        "prediction": reading.prediction,
        "outcome": outcome.value,
        "named": list(reading.named),
        "foreign": list(reading.foreign),
        "image": doc["image_sha256"],
    }
    return {
        "accuracy": float(outcome is Outcome.CORRECT),
        **counts,
        "foreign": float(bool(reading.foreign)),
        "emt": record,
    }


def accuracy_in_words(records: Sequence[Mapping[str, Any]]) -> str:
    """The accuracy of `emt` records with its 95 % Wilson interval and n, for the harness's table.

    >>> accuracy_in_words([{"outcome": "correct"}, {"outcome": "empty"}])
    '50.0 % [9.5, 90.5], n = 2'
    """
    n = len(records)
    correct = sum(record["outcome"] == Outcome.CORRECT.value for record in records)
    low, high = wilson(correct, n)
    return f"{100 * correct / n:.1f} % [{100 * low:.1f}, {100 * high:.1f}], n = {n}"
