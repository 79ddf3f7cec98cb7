"""The door to the harness's scoring: a reading and its row become an outcome, and outcomes a line of the results."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from emt_tasks import choice, granularity
from emt_tasks.errors import EmtError
from emt_tasks.labels import set_of
from emt_tasks.likelihood import Likelihood
from emt_tasks.outcomes import Outcome, outcome_of
from emt_tasks.reading import Reading
from emt_tasks.statistics.intervals import wilson

if TYPE_CHECKING:
    from emt_tasks.filters import Carried


def process_results(doc: Mapping[str, Any], results: Sequence["Carried"]) -> dict[str, Any]:
    """What a row counts under one reading: `accuracy`, 0 or 1 for each other outcome, `foreign`, the record `emt`.

    Of a reading by an answer's own words also `synonym`, `hypernym` and, for CIFAR-100, `coarse` (`granularity`).

    Args:
        doc: a row as `emt_tasks.docs` makes them; its picture is not needed.
        results: the reading of the row's answer, as a filter carries it.
    """
    return counted(doc, results[0].reading, lost=results[0].lost)


def process_choice(doc: Mapping[str, Any], results: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The same of a row whose labels were scored: the likeliest label is its answer.

    Beside it, `accuracy_per_token`, `accuracy_with_end` and `accuracy_prior`, as far as the model tells what they need;
    the record's `scores` says for each variant, the primary one first, which label it prefers, and its score and that
    of the right label in nats. A row with a score that is no number is `unscored`.

    Args:
        doc: a row as `emt_tasks.docs` makes them.
        results: the answers of the harness to the request of each label, in order.

    Raises:
        EmtError: another number of scores than labels.
    """
    return _chosen(doc, results, choice.VARIANTS)


def process_choice_sentence(doc: Mapping[str, Any], results: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The same of a row whose labels were scored within a sentence; the label is the answer, not the sentence.

    There is no `accuracy_per_token` (see `choice.IN_SENTENCE`).

    Raises:
        EmtError: another number of scores than labels, or the model tells nothing but losses per token.
    """
    return _chosen(doc, results, choice.IN_SENTENCE)


def _chosen(doc: Mapping[str, Any], results: Sequence[Sequence[Any]], variants: Collection[str]) -> dict[str, Any]:
    """What a row counts by the first of `variants` that its model tells."""
    labels, right = doc["labels"], doc["label"]
    if len(results) != len(labels):
        raise EmtError(f"{len(results)} scores for {len(labels)} labels. Run the task without a cache of requests.")
    by_variant = choice.scores([Likelihood.read(answers[0]) for answers in results], variants)
    if not by_variant:
        raise EmtError(
            "this model tells only mean losses per token, by which labels within a sentence can't be compared: the "
            "words around a label count for more the shorter it is. Use the _choice task of the same set, or a model "
            "that tells sums as well: emt_llava, emt_hf."
        )
    row = counted(doc, choice.read(by_variant, labels))
    predictions = {name: choice.likeliest(scores, labels) for name, scores in by_variant.items()}
    row["emt"]["scores"] = {
        name: {
            "prediction": predictions[name],
            "score": max(scores) if predictions[name] else None,
            "label_score": scores[right],
        }
        for name, scores in by_variant.items()
    }
    beside = [name for name in predictions if name != "sum"]
    return {**row, **{f"accuracy_{name}": float(predictions[name] == labels[right]) for name in beside}}


def counted(
    doc: Mapping[str, Any], reading: Reading | None, lost: bool = False, outcome: Outcome | None = None
) -> dict[str, Any]:
    """What a row counts, of its reading; None is one that could not be had, `lost` an answer that was none.

    `outcome` is that of a reading which knows more of it than the labels that it found (a judge's "no").
    """
    label = doc["labels"][doc["label"]]
    raw, name = (reading.raw, reading.reading) if reading else ("", choice.READING)
    reading = None if lost else reading
    outcome = Outcome.UNSCORED if lost else outcome or outcome_of(reading, label)
    counts = {other.value: float(outcome is other) for other in Outcome if other is not Outcome.CORRECT}
    record = {
        **(reading.extra if reading else {}),
        "reading": name,
        "raw": raw,
        "label": label,
        "prediction": reading.prediction if reading else None,
        "outcome": outcome.value,
        "named": list(reading.named) if reading else [],
        "foreign": list(reading.foreign) if reading else [],
        "image": doc["image_sha256"],
    }
    return {
        "accuracy": float(outcome is Outcome.CORRECT),
        **counts,
        "foreign": float(bool(record["foreign"])),
        **_beside(doc, reading, record),
        "emt": record,
    }


def _beside(doc: Mapping[str, Any], reading: Reading | None, record: dict[str, Any]) -> dict[str, float]:
    """What an answer read by its own words is worth beside its outcome; the record is told why. Changes no outcome."""
    labels = set_of(doc["labels"])
    if labels is None or record["reading"] not in granularity.READINGS:
        return {}
    credit = granularity.credit_of(reading, record["label"], labels)
    record["synonym"] = credit.synonym
    record["hypernym"] = None if credit.hypernym is None else asdict(credit.hypernym)
    counts = {"synonym": float(credit.synonym), "hypernym": float(credit.hypernym is not None)}
    if credit.coarse is not None:
        record["coarse"] = credit.coarse
        counts["coarse"] = float(credit.coarse)
    return counts


def accuracy_in_words(records: Sequence[Mapping[str, Any]]) -> str:
    """The accuracy of `emt` records with its 95 % Wilson interval and n, for the harness's table.

    >>> accuracy_in_words([{"outcome": "correct"}, {"outcome": "empty"}])
    '50.0 % [9.5, 90.5], n = 2'
    """
    n = len(records)
    correct = sum(record["outcome"] == Outcome.CORRECT.value for record in records)
    low, high = wilson(correct, n)
    return f"{100 * correct / n:.1f} % [{100 * low:.1f}, {100 * high:.1f}], n = {n}"
