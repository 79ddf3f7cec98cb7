"""The sentences that an encoder is asked with: sets of them as data, by label set."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from emt_tasks.errors import EmtError, UnknownName

FOLDER = Path(__file__).parent / "templates"
DEFAULT = "clip_benchmark"
CLASS = "{c}"
"""Where the class's name goes."""
SHIPPED_BY_OPEN_CLIP = "openai_imagenet"


@dataclass(frozen=True, slots=True)
class Templates:
    """Sentences with `{c}` for the class.

    Attributes:
        name: as asked for, for the record.
        by_set: those of each label set; under "" those of any other.
    """

    name: str
    by_set: Mapping[str, tuple[str, ...]]

    @property
    def fingerprint(self) -> str:
        """The sha256, in hex, of all sentences."""
        return hashlib.sha256(json.dumps(self.by_set, sort_keys=True).encode()).hexdigest()

    def sentences(self, key: str) -> tuple[str, ...]:
        """The sentences for label set `key`; "" is one that is none of ours.

        Raises:
            EmtError: there are none.
        """
        found = self.by_set.get(key) or self.by_set.get("")
        if found is None:
            raise EmtError(
                f"template={self.name} has no sentences for {key or 'labels that are no EMT set'} (it has some for "
                f"{', '.join(self.by_set)}). Pass one sentence, template='a photo of a {{c}}.', or a YAML file."
            )
        return found


def read_templates(asked: str) -> Templates:
    """The templates that `template=` means.

    Args:
        asked: a name (`clip_benchmark`); one sentence with `{c}`, for every set; or a YAML file with a list of such
            sentences under each label set's name.

    Raises:
        UnknownName: neither a name, nor a sentence, nor a file.
        EmtError: the file is no such file.
    """
    if CLASS in asked:
        return Templates(asked, {"": (asked,)})
    shipped = FOLDER / f"{asked}.yaml"
    path = shipped if shipped.is_file() else Path(asked).expanduser()
    if not path.is_file():
        raise UnknownName(
            f"template set (or file, or sentence with {CLASS})", asked, (f.stem for f in FOLDER.glob("*.yaml"))
        )
    try:
        said = yaml.safe_load(path.read_text(encoding="utf8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EmtError(f"template={asked} is no YAML file ({error}).") from error
    if not isinstance(said, dict) or not said:
        raise EmtError(f"template={asked} needs the name of a label set and under it a list of sentences with {CLASS}.")
    return Templates(asked, {str(key): _sentences(asked, str(key), listed) for key, listed in said.items()})


def _sentences(asked: str, key: str, listed: object) -> tuple[str, ...]:
    if listed == SHIPPED_BY_OPEN_CLIP:
        from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

        return tuple(template(CLASS) for template in OPENAI_IMAGENET_TEMPLATES)
    lines = listed if isinstance(listed, list) else []
    if not lines or not all(isinstance(line, str) and CLASS in line for line in lines):
        raise EmtError(f"template={asked} needs a list of sentences with {CLASS} under {key!r}.")
    return tuple(lines)
