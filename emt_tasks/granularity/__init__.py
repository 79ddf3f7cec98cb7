"""What an answer that does not name its label is worth all the same: a synonym, a broader word, the right superclass.

The paper asks whether "dog" is right for an African hunting dog. Here nobody has to decide: the strict outcome stays as
it is, and beside it stand three things that a reader may add up as he likes.

- `synonym`: the answer names no label, but exactly one class of the set by another of its words, and the right one.
- `hypernym`: it names no class by any word, but something above the right one and nothing that is not above it.
- `coarse`: what it names, by label, synonym or the superclass's own name, lies in one superclass, the right one (sets
  with superclasses: CIFAR-100).

To mention is to name, as in `label_match`. The words are WordNet's and a few of a person's (see the JSON files here).
"""

from dataclasses import dataclass

from emt_tasks.granularity.classes import Broader, classes_of
from emt_tasks.granularity.terms import Said, said_in
from emt_tasks.labels import LabelSet
from emt_tasks.reading import Reading

READINGS = ("label_match",)
"""The readings that look at an answer's own words; the others choose a label or judge one."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What one answer is worth beside its strict outcome.

    Attributes:
        synonym: Whether it names the right class by another word. False for a correct answer, which needs no credit.
        hypernym: The deepest word above the right class that it names, where that is all it names.
        coarse: Whether it names the right superclass; None where the set has none.
    """

    synonym: bool
    hypernym: Broader | None
    coarse: bool | None


def credit_of(reading: Reading | None, label: str, labels: LabelSet) -> Credit:
    """What the answer behind a reading by its words is worth, of a row whose right label is `label`; None: nothing.

    >>> from emt_tasks import label_match
    >>> from emt_tasks.labels import label_set
    >>> answer = label_match.read("The object is a dog.", label_set("miniimagenet"))
    >>> credit_of(answer, "African hunting dog", label_set("miniimagenet")).hypernym
    Broader(word='dog', synset='02084071', depth=8, steps=2)
    """
    classes = classes_of(labels)
    named = reading.named if reading else ()
    if reading is None or named or not (reading.says_something and reading.scored):
        supers = {classes.coarse.get(name) for name in named}
        return Credit(False, None, supers == {classes.coarse[label]} if classes.coarse else None)
    said = said_in(reading.raw, labels)
    return Credit(
        synonym=said.classes == {label},
        hypernym=_above(said, label) if not said.classes else None,
        coarse=_supers(said, classes.coarse) == {classes.coarse[label]} if classes.coarse else None,
    )


def _above(said: Said, label: str) -> Broader | None:
    """The deepest of the words named, if each is above `label`."""
    if not said.broader or not all(label in word for word in said.broader):
        return None
    return max((word[label] for word in said.broader), key=lambda one: (one.depth, -one.steps))


def _supers(said: Said, coarse: "dict[str, str]") -> set[str]:
    """The superclasses named: by their classes' synonyms, and by their own names."""
    return {coarse[name] for name in said.classes} | said.supers
