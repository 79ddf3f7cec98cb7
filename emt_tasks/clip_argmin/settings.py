"""What can be said about the reading `clip_argmin`: in the environment, or in a task file's filter."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError, UnknownName

PREFIX = "EMT_CLIP_"
DEFAULT = "ViT-L-14/openai"
LABEL = "{label}"
"""Where a label goes in a template."""
PLACES = re.compile(r"\{[^{}]*\}")
OBJECT, NUMBER = "The object in the image is a {label}.", "The number in the image is {label}."
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """How answers are compared with labels. Each field can be set as `EMT_CLIP_<FIELD>`.

    Attributes:
        text_model: An encoder of texts, see `model_wrappers.text_encoders.naming`. The default is the text tower of the
            encoder that the paper's section 3.2 works with.
        template: A sentence with `{label}`; None takes "The object in the image is a {label}.", for digits "The number
            in the image is {label}.": the paper formats its labels and does not say how; these answer its question.
        normalise: Whether embeddings are scaled to length 1 first, so that distances are in [0, 2] and rank labels as
            cosine similarity does. The paper does not say whether it does so.
        max_distance: A nearest label that is farther than this is named no more, and the answer is extrinsic; None
            lets every answer name the nearest, as the paper's formula does.
        device: Where texts are encoded; None takes a GPU where there is one.
        batch_size: Texts encoded at once.
        cache: The file that keeps embeddings; None is `embeddings.sqlite` in the user's cache folder.
    """

    text_model: str = DEFAULT
    template: str | None = None
    normalise: bool = True
    max_distance: float | None = None
    device: str | None = None
    batch_size: int = 64
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.template is not None and PLACES.findall(self.template) != [LABEL]:
            raise EmtError(
                f"{PREFIX}TEMPLATE is {self.template!r}; it needs {LABEL} once, and no other place, as in {OBJECT!r}."
            )
        if self.max_distance is not None and not self.max_distance >= 0:
            raise EmtError(f"{PREFIX}MAX_DISTANCE is {self.max_distance}; a distance is 0 or more.")
        if self.batch_size < 1:
            raise EmtError(f"{PREFIX}BATCH_SIZE is {self.batch_size}; it must be 1 or more.")
        if not self.text_model.strip():
            raise EmtError(f"{PREFIX}TEXT_MODEL is empty; unset it for {DEFAULT!r}, or name an encoder.")

    @classmethod
    def from_environment(cls, **given: Any) -> "ClipSettings":
        """The settings: those `given` (by a task file), then the environment's, then the defaults.

        >>> ClipSettings.from_environment(max_distance="0.9").max_distance
        0.9

        Raises:
            UnknownName: for a setting that does not exist, given or in the environment, with the nearest name.
            EmtError: a value can't be read.
        """
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                raise UnknownName("setting of clip_argmin", name, known)
        said = {name.removeprefix(PREFIX).lower(): value for name, value in os.environ.items() if _is_set(name, value)}
        for name in said:
            if name not in known:
                raise UnknownName("variable", PREFIX + name.upper(), [PREFIX + field.upper() for field in known])
        return cls(**{name: _read(name, value) for name, value in {**said, **given}.items()})

    def sentence(self, label: str, key: str) -> str:
        """The sentence for one label of the label set `key`.

        >>> ClipSettings().sentence("7", "mnist"), ClipSettings().sentence("ship", "cifar10")
        ('The number in the image is 7.', 'The object in the image is a ship.')
        """
        return self.template_of(key).replace(LABEL, label)

    def template_of(self, key: str) -> str:
        """The template for the label set `key`."""
        return self.template or (NUMBER if key == "mnist" else OBJECT)

    @property
    def store(self) -> Path:
        """The file that keeps embeddings."""
        folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "emt-bench"
        return self.cache or folder / "embeddings.sqlite"


def _is_set(name: str, value: str) -> bool:
    return name.startswith(PREFIX) and bool(value.strip())


def _read(name: str, value: Any) -> Any:
    """A field's value from text, or as a YAML file has it already."""
    reader = READERS.get(name)
    if value is None or reader is None:
        return value
    try:
        return reader(value)
    except (ValueError, TypeError) as error:
        raise EmtError(f"{PREFIX}{name.upper()} is {value!r}: {error}.") from error


def _whether(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in (*YES, *NO):
        raise ValueError(f"it is one of {', '.join((*YES, *NO))}")
    return word in YES


def _path(value: Any) -> Path:
    return Path(str(value)).expanduser()


READERS: Mapping[str, Callable[[Any], Any]] = {
    "text_model": str, "template": str, "normalise": _whether, "max_distance": float, "device": str,
    "batch_size": int, "cache": _path,
}  # fmt: skip
