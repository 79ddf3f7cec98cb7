"""Answers from anywhere, read as the benchmark reads them: a table of (image id, label, answer), and no harness.

python examples/answers_in_a_dataframe.py answers.csv cifar10
"""

import sys

import pandas as pd

from emt_tasks import label_match
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.lost_answers import is_lost
from emt_tasks.outcomes import Outcome, outcome_of, shares
from emt_tasks.scoring.answers import LabelPlaces
from emt_tasks.scoring.cells import as_text
from emt_tasks.statistics.intervals import wilson


def with_outcomes(answers: pd.DataFrame, labels: LabelSet) -> pd.DataFrame:
    """The table with columns `outcome`, `named` (own labels in order of mention) and `foreign` (another set's).

    Args:
        answers: columns `label` (the prompt's word, the hub's name, or the class index, as text or number) and
            `answer`, where nothing (None, NaN) is an answer that says nothing; any others, such as `image id`, stay.
        labels: the set that the prompt listed.

    Raises:
        EmtError: a column is missing, or a label is none of the set.
    """
    places = LabelPlaces(labels)
    right = [labels.labels[places.of(label, f"row {row}")] for row, label in enumerate(texts(answers, "label"))]
    given = texts(answers, "answer")
    readings = {said: label_match.read(said, labels) for said in dict.fromkeys(given)}  # each answer once
    found = [
        Outcome.UNSCORED if is_lost(said) else outcome_of(readings[said], label)
        for said, label in zip(given, right, strict=True)
    ]
    return answers.assign(
        outcome=[outcome.value for outcome in found],
        named=[readings[said].named for said in given],
        foreign=[readings[said].foreign for said in given],
    )


def texts(answers: pd.DataFrame, column: str) -> list[str]:
    """The cells of a column as text: a whole number without its ".0", and nothing as ""."""
    if column not in answers:
        raise EmtError(f"the table has no column {column!r}; there are {', '.join(map(str, answers.columns))}.")
    cells = answers[column].astype(object)
    return [as_text(cell) for cell in cells.where(cells.notna(), None)]


def table(path: str) -> pd.DataFrame:
    """The CSV file at `path`, every cell as it is written."""
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError) as error:  # pandas' own errors of what is no CSV or no UTF-8 are ValueErrors
        raise EmtError(f"{path} can't be read as CSV in UTF-8: {str(error).strip()}.") from error


def main(path: str, key: str) -> None:
    """Print the shares of the outcomes, and one answer of each kind."""
    read = with_outcomes(table(path), label_set(key))
    found = shares(map(Outcome, read["outcome"]))
    low, high = wilson(sum(read["outcome"] == "correct"), len(read))
    print(f"accuracy {100 * found[Outcome.CORRECT]:.1f} % [{100 * low:.1f}, {100 * high:.1f}], n = {len(read)}")
    for outcome, share in found.items():
        example = read.loc[read["outcome"] == outcome.value, "answer"].head(1).map(repr).str[:60]
        print(f"{outcome.value:10} {100 * share:5.1f} %  {''.join(example)}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: answers_in_a_dataframe.py ANSWERS.csv SET    (cifar10, cifar100, miniimagenet, mnist)")
    try:
        main(*sys.argv[1:])
    except EmtError as error:
        sys.exit(f"error: {error}")
