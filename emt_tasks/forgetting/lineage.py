"""Which run is what: an encoder, a base, or a checkpoint tuned on some set, by some method, after some epochs.

A run's own files say it where they can; a mapping file says it with authority. What was read off a folder's name is
called so in the report.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from emt_tasks.runs.records import ENCODER_MODEL, Identity

_SETS = {
    "mnist": r"(?<!fashion[-_])(?<!fashion)(?<!kuzushiji[-_])mnist",
    "cifar10": r"cifar[-_]?10",
    "cifar100": r"cifar[-_]?100",
    "miniimagenet": r"mini[-_]?imagenet",
}
_SET = {key: re.compile(rf"(?<![a-z0-9]){pattern}(?![0-9a-z])") for key, pattern in _SETS.items()}
_EPOCH = re.compile(r"(?<![a-z])epochs?[-_= ]?(\d+(?:\.\d+)?)")
_SEED = re.compile(r"(?<![a-z])seed[-_= ]?(\d{1,9})(?!\d)")
_METHOD = re.compile(r"(?<![a-z])(lora|linear|prompt|full)(?![a-z])")


class Role(StrEnum):
    """What a run is to the others."""

    ENCODER = "encoder"
    """A vision encoder alone, zero-shot."""
    BASE = "base"
    """A model before tuning."""
    TUNED = "tuned"
    """A checkpoint of a base."""
    LEFT_OUT = "leave_out"
    """Not part of this report."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What `emt_checkpoint.json` in a checkpoint's folder says."""

    method: str | None
    sets: tuple[str, ...]
    epoch: float | None
    base: str | None
    recipe: str | None
    seed: int | None
    alpha: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What one run is.

    Attributes:
        run: its name among those read.
        name: what it is called in the report.
        role: see `Role`.
        encoder: for an encoder its own name, else the name of what the model looks through; None where nothing says.
        base: for a checkpoint the name of its base's run; None where that is not among those read.
        base_source: for a checkpoint, what its files call its base.
        sets: keys of what it was tuned on; () where nothing says.
        method: linear, lora, prompt, full; None where nothing says.
        epoch: passes over the tuning data; None where nothing says.
        recipe, seed: of the tuning, where known.
        alpha: for a point between base and tuned (WiSE-FT), its share of the way; None for what a tuning itself left.
        known_from: where the most of it was read.
    """

    run: str
    name: str
    role: Role
    encoder: str | None = None
    base: str | None = None
    base_source: str | None = None
    sets: tuple[str, ...] = ()
    method: str | None = None
    epoch: float | None = None
    recipe: str | None = None
    seed: int | None = None
    alpha: float | None = None
    known_from: str = "model arguments"

    @property
    def series(self) -> tuple[object, ...]:
        """Equal for the epochs of one tuning; a checkpoint of unknown epoch is alone."""
        alone = self.run if self.epoch is None else None
        return self.base, self.sets, self.method, self.recipe, self.seed, alone

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not known of a checkpoint."""
        known = {"base": self.base, "sets": self.sets, "method": self.method, "epoch": self.epoch}
        return tuple(name for name, value in known.items() if not value and value != 0)


def place_of(run: str, identity: Identity, recorded: Recorded | None) -> Place:
    """What the run named `run` is, as far as it tells by itself.

    Args:
        run: its name; words in it are the last resort.
        identity: what its files say was run.
        recorded: what lies in the checkpoint's folder, where that is at hand.
    """
    if identity.model == ENCODER_MODEL and (recorded is None or not recorded.base):
        own = identity.encoder or _last(identity.pretrained or ENCODER_MODEL)
        return Place(run, own, Role.ENCODER, encoder=own)
    if recorded is not None:
        return _as_recorded(run, identity, recorded)
    return _as_named(run, identity)


def _as_recorded(run: str, identity: Identity, said: Recorded) -> Place:
    source = said.base or (None if said.method == "full" else identity.pretrained)
    return Place(
        run, run, Role.TUNED, encoder=identity.encoder, base_source=source, sets=said.sets, method=said.method,
        epoch=said.epoch, recipe=said.recipe, seed=said.seed, alpha=said.alpha,
        known_from="emt_checkpoint.json",
    )  # fmt: skip


def _as_named(run: str, identity: Identity) -> Place:
    """By the arguments and, where they end, by what folders are called."""
    loaded = identity.adapter or identity.projector
    words = "/".join((_ends(loaded or identity.pretrained or ""), run)).lower()
    sets, epoch = sets_in(words), _EPOCH.search(words)
    if loaded is None and not (sets and epoch):
        return Place(run, _last(identity.pretrained or identity.model), Role.BASE, encoder=identity.encoder)
    method, seed = _METHOD.search(words), _SEED.search(words)
    by_arguments = "lora" if identity.adapter else "linear" if identity.projector else "full"
    return Place(
        run,
        run,
        Role.TUNED,
        encoder=identity.encoder,
        base_source=identity.pretrained if loaded else None,
        sets=sets,
        method=method[1] if method else by_arguments,
        epoch=float(epoch[1]) if epoch else None,
        seed=int(seed[1]) if seed else None,
        known_from="folder names" if sets or epoch else "model arguments",
    )


def joined(places: Sequence[Place]) -> tuple[Place, ...]:
    """`places` with each checkpoint's base: the one loaded from that path or id, else the only one so called."""
    bases = [place for place in places if place.role is Role.BASE or (place.role is Role.ENCODER and place.base_source)]
    return tuple(
        replace(place, base=_base_of(place, bases)) if place.role is Role.TUNED and place.base is None else place
        for place in places
    )


def with_sources(places: Sequence[Place], identities: Mapping[str, Identity]) -> tuple[Place, ...]:
    """`places` whose bases carry the id or folder they were loaded from, by which checkpoints find them.

    An encoder that others among them were tuned from is their base, and is told of as one unless a model here looks
    through it.
    """
    starts = {place.base_source for place in places if place.role is Role.TUNED}
    seen_through = {spelt(place.encoder) for place in places if place.role is Role.BASE and place.encoder}
    found = []
    for place in places:
        if place.role is Role.BASE:
            source = identities[place.run].pretrained or identities[place.run].model
            found.append(replace(place, base_source=source))
        elif place.role is Role.ENCODER and place.name in starts:
            role = Role.ENCODER if spelt(place.name) in seen_through else Role.BASE
            found.append(replace(place, role=role, base_source=place.name))
        else:
            found.append(place)
    return tuple(found)


def encoder_run(place: Place, encoders: Iterable[Place]) -> Place | None:
    """The run of the encoder that `place` looks through; None where there is none."""
    wanted = place.encoder
    if not wanted:
        return None
    there = list(encoders)
    same = [other for other in there if wanted in (other.run, other.name)]
    return next(iter(same or [other for other in there if spelt(other.name) == spelt(wanted)]), None)


def spelt(name: str) -> str:
    """A name of an encoder without what people spell differently.

    >>> spelt("ViT-L-14 openai") == spelt("ViT-L/14, openai")
    True
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _base_of(place: Place, bases: Sequence[Place]) -> str | None:
    if not place.base_source:
        return None
    source = place.base_source.rstrip("/")
    same = [base for base in bases if (base.base_source or "").rstrip("/") == source]
    alike = same or [base for base in bases if _last(base.base_source or base.name) == _last(source)]
    return alike[0].run if alike and (same or len(alike) == 1) else None


def sets_in(words: str) -> tuple[str, ...]:
    """The sets of ours that lower-case `words` name, however they are spelt there.

    >>> sets_in("fine-tuned on mini-imagenet"), sets_in("fashion-mnist")
    (('miniimagenet',), ())
    """
    return tuple(key for key, pattern in _SET.items() if pattern.search(words))


def _ends(path: str) -> str:
    """The last two parts of a path: those that people name after what they did."""
    return "/".join(path.rstrip("/").split("/")[-2:])


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]
