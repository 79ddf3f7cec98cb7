"""A folder of pictures with a folder for each class, and what lies in such folders that nobody means."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import datasets
import numpy as np

from emt_tasks.errors import EmtError
from finetuning.records.articles import noun_of
from finetuning.records.class_words import class_words
from finetuning.records.labelled import LabelledSet, short_name

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})
# What systems leave among a user's folders: macOS in archives, Synology for thumbnails, Windows, Linux, Python.
LEFT_BEHIND = frozenset(
    {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found", "__pycache__"}
)


def image_folder(root: Path) -> LabelledSet:
    """The set that a folder holds; no picture is decoded yet.

    Hidden files and folders, and what systems leave behind (`__MACOSX`), are no pictures and no classes.

    Raises:
        EmtError: it is not there, or has no labels or no pictures.
    """
    if not root.is_dir():
        raise EmtError(f"there is no folder {str(root)!r} (looked at {root.absolute()}).")
    there = sorted(each for each in root.iterdir() if each.is_dir())
    classes = [each for each in there if _meant(each.name)]
    _require_classes_not_splits(root, classes)
    found = [sorted(_pictures(each)) for each in classes]
    files = [(str(file), label) for label, several in enumerate(found) for file in several if _meant_below(file, root)]
    _require_pictures(root, classes, {label for _, label in files}, any(found))
    stray = [each for each in there if not _meant(each.name) and any(_pictures(each))]
    stray += [file for several in found for file in several if not _meant_below(file, root)]
    cells = datasets.Dataset.from_dict(
        {"image": [{"bytes": None, "path": path} for path, _ in files]},
        features=datasets.Features({"image": datasets.Image(decode=False)}),
    )
    labels = class_words([each.name for each in classes], str(root))
    passed_over = tuple(each.relative_to(root).as_posix() for each in stray)
    targets = np.array([label for _, label in files])
    return LabelledSet(short_name(root.name), labels, noun_of(labels), targets, cells, passed_over)


def _pictures(folder: Path) -> Iterator[Path]:
    """Whatever is called as pictures are, below `folder`."""
    return (file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)


def _meant(name: str) -> bool:
    return not name.startswith(".") and name.casefold() not in LEFT_BEHIND


def _meant_below(file: Path, root: Path) -> bool:
    return all(map(_meant, file.relative_to(root).parts))


def _require_pictures(root: Path, classes: Sequence[Path], filled: set[int], some: bool) -> None:
    """Refuse a folder without classes, and a class without pictures."""
    if not filled and not some:
        raise EmtError(
            f"{root} has no labels: its pictures must lie in a folder for each class, named by its label "
            f"({root}/dog/1.png), as {', '.join(sorted(PICTURES))}."
        )
    empty = next((each.name for label, each in enumerate(classes) if label not in filled), None)
    if empty is not None:
        raise EmtError(f"{root}: the class {empty!r} has no picture. Take its folder out, or put some in.")


def _require_classes_not_splits(root: Path, classes: Sequence[Path]) -> None:
    """Refuse the layout root/train/dog/1.png, whose splits would pass for classes."""
    splits = [each for each in classes if each.name.lower() in SPLITS]
    if splits and len(splits) == len(classes) and any(inner.is_dir() for inner in splits[0].iterdir()):
        raise EmtError(
            f"{root} holds splits ({', '.join(each.name for each in splits)}), not classes. Name one of them: "
            f"folder:{splits[0]}."
        )
