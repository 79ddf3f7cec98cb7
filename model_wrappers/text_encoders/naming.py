"""Which encoder of texts a name means; nothing is loaded yet.

ViT-L-14/openai                     an architecture of open_clip and its tag, as "ViT-L-14 openai" too
ViT-L-14=/data/weights.safetensors  an architecture of open_clip and a file of weights for it
hf-hub:laion/CLIP-ViT-B-32-...      an open_clip model on the hub
sentence-transformers/all-MiniLM-L6-v2, or any other id on the hub: a model of sentence-transformers
/data/encoder                       a folder that either library saved
"""

from dataclasses import dataclass
from pathlib import Path

import open_clip

from emt_tasks.errors import EmtError
from model_wrappers.zero_shot.arguments import CONFIG, IN_FOLDER, ON_HUB, Source, source_of

OF_SENTENCES = "modules.json"
"""The file by which sentence-transformers knows its own folders."""
OWNER = "sentence-transformers"
"""Whose models may be called without their owner's name."""


@dataclass(frozen=True, slots=True)
class ClipTexts:
    """A text tower of open_clip."""

    source: Source


@dataclass(frozen=True, slots=True)
class Sentences:
    """A model of sentence-transformers: a folder, or an id on the hub."""

    place: str

    @property
    def folder(self) -> Path | None:
        """The folder; None for an id."""
        path = Path(self.place)
        return path if path.is_dir() else None


def text_source(name: str) -> ClipTexts | Sentences:
    """The encoder that `name` means.

    Raises:
        UnknownName: no such architecture or tag of open_clip; the nearest is named.
        EmtError: no such file or folder, or neither library's.
    """
    said = name.strip()
    if said.startswith((ON_HUB, IN_FOLDER)):
        return ClipTexts(source_of(said, ""))
    path = Path(said).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if path.is_file():
        raise EmtError(f"{path} may be of any architecture. Name it too, as in ViT-L-14={path}.")
    if said.startswith(("/", ".", "~")):
        raise EmtError(f"there is no folder {str(path)!r} ({path.absolute()}). Check the path.")
    for mark in ("=", " "):
        architecture, found, weights = said.partition(mark)
        if found:
            return ClipTexts(source_of(architecture, weights.strip()))
    architecture, _, tag = said.rpartition("/")
    if said in open_clip.list_models():
        raise EmtError(
            f"{said} needs a tag, as in {said}/{[*open_clip.list_pretrained_tags_by_model(said), 'TAG'][0]}."
        )
    if _means_open_clip(architecture, tag):
        return ClipTexts(source_of(architecture, tag))
    if not tag or said.count("/") > 1:
        raise EmtError(f"{said!r} is neither a folder here nor a name that the hub allows (owner/name).")
    return Sentences(said if architecture else f"{OWNER}/{said}")


def _means_open_clip(architecture: str, tag: str) -> bool:
    """Whether either part is open_clip's, so that the other may be misspelled."""
    known = open_clip.list_models()
    tags = {tag for _, tag in open_clip.list_pretrained()}
    return architecture.replace("/", "-") in known or (bool(architecture) and tag in tags)


def _in_folder(folder: Path) -> ClipTexts | Sentences:
    if (folder / CONFIG).is_file():
        return ClipTexts(source_of(f"{IN_FOLDER}{folder}", ""))
    if (folder / OF_SENTENCES).is_file():
        return Sentences(str(folder))
    raise EmtError(
        f"{folder} holds no encoder of texts: neither {CONFIG} (open_clip) nor {OF_SENTENCES} (sentence-transformers). "
        "Check the path."
    )
