"""Which column of a table holds what: named by the user, else told by its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain

LABELS = ("label", "target", "gold")
ANSWERS = ("answer", "prediction", "response", "output")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; None is found by name.

    VLMEvalKit calls the right label `answer` and the model's `prediction`, and so they are taken where there is no
    column `label`, `target` or `gold`. Where there is one, `answer` is what the model said, before `prediction`.
    """

    id: str | None = None
    label: str | None = None
    answer: str | None = None

    def found(self, header: Sequence[str], where: str) -> "Columns":
        """The columns of a table with this header.

        Raises:
            EmtError: one can't be told, or the name of one is that of several.
        """
        lower = {_bare(name): name for name in header}
        vlmevalkit = "prediction" in lower and not any(name in lower for name in LABELS)
        known = {
            "id": ("image_id", "image id", "id", "index", "image"),
            "label": ("answer",) if vlmevalkit else LABELS,
            "answer": ("prediction",) if vlmevalkit else ANSWERS,
        }
        chosen: dict[str, str | None] = {}
        for part, names in known.items():
            asked = getattr(self, part)
            _require_one(header, asked or next((name for name in names if name in lower), None), asked is None, where)
            chosen[part] = asked or next((lower[name] for name in names if name in lower), None)
            if (asked and asked not in header) or (chosen[part] is None and part != "id"):
                raise EmtError(
                    f"{where} has no column for the {part} ({asked or ', '.join(names)}); there are "
                    f"{', '.join(plain(name) for name in header)}. Name it with --{part}-column."
                )
        if chosen["label"] == chosen["answer"]:
            raise EmtError(
                f"{where}: label and answer would both be read from {plain(str(chosen['label']))!r}. Name the column "
                "of the right labels with --label-column, that of the answers with --answer-column."
            )
        return Columns(**chosen)

    def in_words(self, header: Sequence[str]) -> str:
        """What is read from which column of this header, and what might have been meant but is not read.

        >>> Columns("index", "label", "answer").in_words(["index", "label", "answer", "prediction"])
        "label from 'label', answer from 'answer', id from 'index'; 'prediction' is not read (--answer-column reads it)"
        """
        taken = {"label": self.label, "answer": self.answer, "id": self.id}
        words = ", ".join(f"{part} from {plain(name)!r}" for part, name in taken.items() if name is not None)
        no_id = "" if self.id is not None else ", no id: rows go by their number"
        left = [name for name in header if _bare(name) in ANSWERS and name not in taken.values()]
        over = [f"; {plain(name)!r} is not read (--answer-column reads it)" for name in left]
        return f"{words}{no_id}{''.join(over)}"


def _require_one(header: Sequence[str], name: str | None, any_case: bool, where: str) -> None:
    """Raise where several columns are called `name`; with `any_case`, but for capitals and blanks around it."""
    places = [place for place, there in enumerate(header, start=1) if name in (there, any_case and _bare(there))]
    if len(places) > 1:
        each = " and ".join(f"{plain(header[place - 1])!r} (column {place})" for place in places)
        raise EmtError(
            f"{where} has {len(places)} columns of one name: {each}. Rename or delete all but the one meant."
        )


def _bare(name: str) -> str:
    return name.strip().lower()
