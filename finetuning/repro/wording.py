"""How a class is worded for a text tower: sentences and short descriptions, as data."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from emt_tasks.errors import EmtError
from finetuning.declared import Fields, file_of, read_mapping, validated
from model_wrappers.zero_shot.classifier import asked_with
from model_wrappers.zero_shot.prompt_templates import CLASS

FOLDER = Path(__file__).parent / "wordings"
DESCRIPTION = "{d}"
"""Where the description goes; `{c}` is where the class's name goes."""
OTHER = "other"


class Wording(Fields):
    """Sentences by set, `other` for the rest.

    Attributes:
        sentences: with `{c}` for the name, and `{d}` for the description.
        without: for classes that have no description; where `sentences` have no `{d}` it is not looked at.
        descriptions: of a set's classes, by the name that an encoder is asked with.
    """

    sentences: Mapping[str, str] = Field(min_length=1)
    without: Mapping[str, str] = {}
    descriptions: Mapping[str, Mapping[str, str]] = {}

    def said(self, labels: tuple[str, ...], name: str) -> tuple[str, ...]:
        """A sentence for each class.

        Args:
            labels: of the set, in index order; those of our own sets are asked with CLIP's clearer names.
            name: of the set, for one that is none of ours.

        Raises:
            EmtError: there is no sentence for them.
        """
        asked = asked_with(labels)
        key = asked.key or name
        described = self.descriptions.get(key, {})
        return tuple(self._of(key, each, described.get(each)) for each in asked.names)

    def _of(self, key: str, name: str, description: str | None) -> str:
        sentence = self._sentence(self.sentences, key)
        if DESCRIPTION in sentence and description is None:
            sentence = self._sentence(self.without, key)
        return sentence.replace(CLASS, name).replace(DESCRIPTION, description or "")

    def _sentence(self, among: Mapping[str, str], key: str) -> str:
        found = among.get(key) or among.get(OTHER)
        if found is None or CLASS not in found:
            raise EmtError(f"the wording has no sentence with {CLASS} for {key!r}; write one under {OTHER!r}.")
        return found


def read_wording(named: str) -> Wording:
    """The wording of that name, or in that YAML file.

    Raises:
        UnknownName: there is no such wording, or no such field; the nearest is named.
        EmtError: the file is no wording.
    """
    return validated(Wording, read_mapping(file_of("wording", named, FOLDER), "wording"), f"wording {named}")
