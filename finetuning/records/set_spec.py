"""How a set to learn from is named: `cifar10`, `folder:photos?rows=500`, `hub:owner/name?label=kind&weight=2`."""

from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import Field

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import ALL_SETS
from finetuning.declared import Fields, validated

KINDS = ("folder", "hub")
OF_ALL = ("rows", "balanced", "weight")
OPTIONS = {
    "own": ("split", *OF_ALL),
    "folder": OF_ALL,
    "hub": ("split", "config", "revision", "image", "label", *OF_ALL),
}


class SetSpec(Fields):
    """What was said about a set.

    Attributes:
        kind: one of ours, a folder with a folder for each class, or any set that the `datasets` library reads.
        place: key, path, or hub id.
        split: of one of ours or of the hub.
        config: of a hub set.
        revision: of a hub set; ours have pinned ones.
        image: column of the pictures; None finds the only one there is.
        label: column of the labels; None finds the only one with named classes.
        rows: at most this many, drawn by the seed.
        balanced: whether every class gives as many rows as the rarest has, drawn by the seed.
        weight: how often each row is seen in an epoch; 0.5 is half of the rows, drawn by the seed, 2 is each twice.
    """

    kind: Literal["own", "folder", "hub"]
    place: str = Field(min_length=1)
    split: str = "train"
    config: str | None = None
    revision: str | None = None
    image: str | None = None
    label: str | None = None
    rows: int | None = Field(None, gt=0)
    balanced: bool = False
    weight: float = Field(1.0, gt=0, le=1000)

    @property
    def asked_about(self) -> bool:
        """Whether its rows are those that our tasks ask about: what has learnt them is not tested by them."""
        return self.kind == "own" and self.split == "test"


def read_spec(text: str) -> SetSpec:
    """The set that `text` names.

    >>> read_spec("cifar10?rows=100&balanced=true").rows
    100

    Raises:
        UnknownName: there is no such set or option; the nearest is named.
        EmtError: a value can't be one of its option.
    """
    named, _, options = text.partition("?")
    kind, colon, place = named.partition(":")
    if not colon and named not in ALL_SETS:
        raise UnknownName("set to learn from", named, [*ALL_SETS, "folder:PATH", "hub:OWNER/NAME"])
    if colon and kind not in KINDS:
        raise UnknownName("kind of set", kind, KINDS)
    said: dict[str, Any] = dict(parse_qsl(options, keep_blank_values=True, strict_parsing=False))
    if options and len(said) != options.count("&") + 1:
        raise EmtError(f"{text!r}: write its options as name=value&name=value, each once.")
    whole = {"kind": kind, "place": place} if colon else {"kind": "own", "place": named}
    for name in said:
        if name not in OPTIONS[whole["kind"]]:
            raise UnknownName(f"option of {named}", name, OPTIONS[whole["kind"]])
    return validated(SetSpec, {**said, **whole}, f"set {text!r}")
