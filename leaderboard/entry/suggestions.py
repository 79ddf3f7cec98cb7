"""What a run's files tell of the model, for an entry; and what its submitter must say, as nothing else does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from emt_tasks.escaping import plain
from emt_tasks.forgetting.checkpoints import recorded
from emt_tasks.forgetting.lineage import Place, Recorded, Role, place_of
from emt_tasks.runs.records import ENCODER_MODEL, Run
from leaderboard.entry.names import slugged

_PATH = re.compile(r"(?<![\w./])(?:file://)?~?/(?!/)(?:[^\s,=/'\"]+/)*([^\s,=/'\"]+)/?")


@dataclass(frozen=True, slots=True)
class Given:
    """What a submitter says of a run; None where the run's files shall say it. Fields as in an entry.

    Attributes:
        dataset: what it was tuned on, () as above.
        run: the entry's name among those of its model.
        variant: of the tasks, where the run has several.
        judge_cost: dollars.
    """

    org: str | None = None
    model: str | None = None
    submitted_by: str | None = None
    url: str | None = None
    encoder: str | None = None
    llm: str | None = None
    params: int | None = None
    licence: str | None = None
    tuning: str | None = None
    dataset: tuple[str, ...] = ()
    epoch: float | None = None
    base: str | None = None
    source: str | None = None
    run: str | None = None
    variant: str | None = None
    judge_cost: float | None = None


def missing(run: Run, given: Given) -> tuple[str, ...]:
    """The fields of `Given` that must be said, and neither the submitter nor the run's files say."""
    place = place_of_run(run)
    org, name = _named(run, place)
    wanted = {
        "org": bool(given.org or org),
        "model": bool(given.model or name),
        "submitted_by": bool(given.submitted_by),
    }
    if (given.tuning or tuning_of(place)) != "none":
        wanted |= {"dataset": bool(given.dataset or place.sets), "base": bool(given.base or base_of(place))}
    return tuple(name for name, value in wanted.items() if not value)


def suggested(run: Run) -> Given:
    """What the run's files say."""
    place = place_of_run(run)
    org, name = _named(run, place)
    return Given(
        org=org, model=name, encoder=encoder_of(place), tuning=tuning_of(place), dataset=place.sets, epoch=place.epoch,
        base=base_of(place), run=_run_name(place),
    )  # fmt: skip


def place_of_run(run: Run) -> Place:
    """What a run is: an encoder, a base, or a checkpoint."""
    found = recorded(run)
    return place_of(run.name, run.identity, found if isinstance(found, Recorded) else None)


def tuning_of(place: Place) -> str:
    """How it was tuned, as an entry calls it."""
    if place.role is not Role.TUNED:
        return "none"
    return place.method if place.method in ("linear", "lora", "prompt", "full") else "full"


def _named(run: Run, place: Place) -> tuple[str | None, str | None]:
    """Organisation and name, as a hub id says them; a folder's name says the name alone."""
    if run.identity.model == ENCODER_MODEL:
        name = encoder_of(place)
        return "open_clip" if name and " " in name else None, name  # open_clip's names are of architecture and weights
    pretrained = run.identity.pretrained or ""
    org, slash, name = pretrained.rpartition("/")
    if slash and "/" not in org and org and not Path(pretrained).exists():
        return line(org), line(name)
    return None, line(pretrained.rstrip("/").rpartition("/")[2]) or None


def encoder_of(place: Place) -> str | None:
    """The vision encoder's name; None where its files name a folder, which means nothing elsewhere."""
    name = place.encoder or ""
    return line(name) if name and not name.startswith(("local-dir:", "/", ".", "~")) else None


def base_of(place: Place) -> str | None:
    """The hub id of a checkpoint's base; None where its files name a folder, which means nothing elsewhere."""
    source = place.base_source or ""
    return source if source.count("/") == 1 and not source.startswith(("/", ".")) else None


def _run_name(place: Place) -> str:
    if place.role is not Role.TUNED:
        return "zero-shot" if place.role is Role.ENCODER else "base"
    epoch = "" if place.epoch is None else f"-epoch-{place.epoch:g}"
    return slugged(f"{tuning_of(place)}-{'+'.join(place.sets) or 'data'}{epoch}")


def day_of(run: Run) -> str:
    """The day of the run: of its manifest, else of its stamp's digits."""
    written = run.identity.written or ""
    found = re.match(r"\d{4}-\d\d-\d\d", written)
    if found:
        return found[0]
    digits = re.sub(r"\D", "", run.tasks[0].stamp)[:8]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"


def line(text: str) -> str:
    """`text` in one line, short enough for an entry."""
    return plain(text).strip()[:120]


def private(words: Sequence[str]) -> list[str]:
    """The words of a command without where things lie on its submitter's machine: of a path the last part is left.

    >>> private(["/opt/venv/bin/emt", "run", "pretrained=/home/me/models/llava,peft=out/lora", "https://a.org/b"])
    ['emt', 'run', 'pretrained=.../llava,peft=out/lora', 'https://a.org/b']
    >>> private(["/home/me/emt_tasks/__main__.py", "model=local-dir:/home/me/tower", "file:///home/me/x"])
    ['emt', 'model=local-dir:.../tower', '.../x']
    """
    bare = [plain(word) for word in words]
    return [
        *(PurePath(word).name.replace("__main__.py", "emt") for word in bare[:1]),
        *(_PATH.sub(r".../\1", word) for word in bare[1:]),
    ]
