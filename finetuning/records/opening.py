"""Sets of labelled pictures, opened wherever they are: our own four, folders, and what the `datasets` library reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from emt_tasks import sources
from emt_tasks.docs import checked_labels
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import label_set
from emt_tasks.tasks import task
from finetuning.records.articles import noun_of
from finetuning.records.class_words import class_words
from finetuning.records.image_folder import image_folder
from finetuning.records.labelled import LabelledSet, short_name
from finetuning.records.selection import Indices
from finetuning.records.set_spec import SetSpec


def labelled_set(spec: SetSpec, data_dir: Path | None = None) -> LabelledSet:
    """The set that `spec` names; no picture is decoded yet.

    Args:
        spec: which one.
        data_dir: where our own four lie as on the hub; None reads the hub, at the pinned revision.

    Raises:
        EmtError: it is not there, or has no labels or no pictures.
    """
    if spec.kind == "own":
        return _own(spec, data_dir)
    return image_folder(Path(spec.place).expanduser()) if spec.kind == "folder" else _hub(spec)


def _own(spec: SetSpec, data_dir: Path | None) -> LabelledSet:
    words, columns = label_set(spec.place), sources.columns_of(spec.place)
    config = task(f"emt_{spec.place}").config
    pattern = str(config["dataset_kwargs"]["data_files"]["test"]).replace("test-", f"{spec.split}-")
    if data_dir is None:
        options = {"data_files": {spec.split: pattern}, "revision": config["dataset_kwargs"]["revision"]}
        advice = f" A folder that has it goes with --data-dir or {sources.DATA_DIR_VARIABLE}."
        rows = _loaded(columns.hub_id, options, f"{columns.hub_id} from the hub", advice)
    else:
        files = sorted(map(str, (data_dir / columns.folder).glob(pattern)))
        if not files:
            raise EmtError(
                f"{data_dir / columns.folder} has no parquet file of the split {spec.split!r}. Name a folder that "
                f"holds {columns.hub_id} as the hub keeps it."
            )
        rows = _loaded("parquet", {"data_files": {spec.split: files}}, f"in {data_dir / columns.folder}")
    targets = checked_labels(rows[spec.split], columns.label, words)
    cells = _cells(rows[spec.split], columns.image)
    return LabelledSet(spec.place, words.labels, noun_of(words.labels), np.array(targets), cells)


def _hub(spec: SetSpec) -> LabelledSet:
    found = _loaded(spec.place, {"name": spec.config, "revision": spec.revision})
    if spec.split not in found:
        raise UnknownName(f"split of {spec.place}", spec.split, found)
    rows = found[spec.split]
    if len(rows) == 0:
        raise EmtError(f"{spec.place}: the split {spec.split!r} has no rows.")
    image = _column(spec.image, rows, spec.place, "image", lambda kind: isinstance(kind, datasets.Image))
    label = _column(spec.label, rows, spec.place, "label", lambda kind: isinstance(kind, datasets.ClassLabel))
    labels, targets = _classes(rows, label, spec.place)
    return LabelledSet(short_name(Path(spec.place).name), labels, noun_of(labels), targets, _cells(rows, image))


def _loaded(path: str, options: Mapping[str, Any], called: str = "", advice: str = "") -> Any:
    """What `datasets` makes of it, by split.

    Args:
        path: as `datasets` takes it.
        options: likewise.
        called: its name in an error, where `path` says too little.
        advice: the error's last sentence.

    Raises:
        EmtError: it can't be had.
    """
    try:
        return datasets.load_dataset(path, **{name: value for name, value in options.items() if value is not None})
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        first = str(error).strip().split("\n")[0]
        raise EmtError(f"the set {called or repr(path)} can't be read ({first}).{advice}") from error


def _cells(rows: datasets.Dataset, image: str) -> datasets.Dataset:
    """The column of pictures alone, undecoded, called `image`."""
    cells = rows.select_columns([image]).cast_column(image, datasets.Image(decode=False))
    return cells if image == "image" else cells.rename_column(image, "image")


def _column(said: str | None, rows: datasets.Dataset, place: str, what: str, fits: Any) -> str:
    """The column that was named, or the only one that fits."""
    if said is not None:
        if said not in rows.features:
            raise UnknownName(f"column of {place}", said, rows.features)
        if what == "image" and not fits(rows.features[said]):
            raise EmtError(f"{place}: the column {said!r} holds no pictures, but {rows.features[said]}.")
        return said
    found: list[str] = [name for name, kind in rows.features.items() if fits(kind)]
    if len(found) != 1:
        there = ", ".join(found) if found else f"none among {', '.join(rows.features)}"
        raise EmtError(f"{place}: which column holds each row's {what}? Fitting: {there}. Say ?{what}=COLUMN.")
    return found[0]


def _classes(rows: datasets.Dataset, column: str, place: str) -> tuple[tuple[str, ...], Indices]:
    """The words of the classes in a column, and each row's."""
    kind, values = rows.features[column], rows[column][:]
    missing = next((row for row, value in enumerate(values) if value is None), None)
    if missing is not None:
        raise EmtError(f"{place}: row {missing} has no label in {column!r}. Mend or drop that row.")
    if isinstance(kind, datasets.ClassLabel):
        odd = next((row for row, value in enumerate(values) if not 0 <= value < len(kind.names)), None)
        if odd is not None:
            raise EmtError(f"{place}: row {odd} has no label in {column!r} ({values[odd]}). Mend or drop that row.")
        return class_words(kind.names, place), np.array(values)
    if not all(isinstance(value, str) for value in values):
        raise EmtError(
            f"{place}: the column {column!r} holds {kind}, not words: name a column of words or of named classes."
        )
    names = sorted(set(values))
    place_of = {name: index for index, name in enumerate(names)}
    return class_words(names, place), np.array([place_of[value] for value in values])
