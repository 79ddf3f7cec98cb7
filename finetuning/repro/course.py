"""How long and how fast a network of this section learns: YAML below this module, each number with its source."""

from collections.abc import Iterator, Mapping
from math import cos, pi
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from emt_tasks.errors import EmtError
from finetuning.declared import Fields, file_of, over, read_mapping, validated

Share = Annotated[float, Field(gt=0, lt=1)]
Network = Literal["resnet", "clip"]
COURSES = Path(__file__).parent / "courses"  # a folder for each network
CALLED = {"resnet": "course", "clip": "method"}  # as their users name them
OF_ONE = {"resnet": {"second_epochs"}, "clip": {"alphas", "learns", "gradient_checkpointing", "template"}}
"""The fields that the other network has no use for."""


class Course(Fields):
    """One way to learn.

    Attributes:
        name: of its file, or given.
        epochs: how often every row of the first part is seen.
        second_epochs: of the second part, where there is one.
        batch_size: rows of a step.
        optimizer: sgd (with momentum) or adamw.
        learning_rate: at its highest.
        momentum: of sgd.
        weight_decay: of every weight.
        warmup: share of a part's steps over which the rate rises from 0.
        schedule: how the rate falls afterwards: along half a cosine to 0, or not.
        max_grad_norm: gradients are scaled down to it; 0 leaves them.
        crop: pictures are moved by up to this share of their side, by chance; 0 leaves them.
        flip: whether they are mirrored by chance; None mirrors objects and not numbers.
        alphas: points between start and tuned that are kept as well (WiSE-FT).
        learns: which part of a CLIP's image tower.
        gradient_checkpointing: activations are computed again instead of kept: less memory, a third more work.
        template: how a class is worded for the text tower (`texts`).
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    epochs: int = Field(gt=0)
    second_epochs: int = Field(0, ge=0)
    batch_size: int = Field(gt=1)
    optimizer: Literal["sgd", "adamw"]
    learning_rate: float = Field(gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    warmup: float = Field(0.0, ge=0, lt=1)
    schedule: Literal["cosine", "constant"] = "cosine"
    max_grad_norm: float = Field(0.0, ge=0)
    crop: float = Field(0.125, ge=0, lt=0.5)
    flip: bool | None = None
    alphas: tuple[Share, ...] = ()
    learns: Literal["tower", "projection"] = "tower"
    gradient_checkpointing: bool = False
    template: str = "described"


def read_course(network: Network, named: str, fields: Mapping[str, Any] | None = None) -> Course:
    """The course of a network of that name, or in that YAML file, with some fields in place of its own.

    A course that is `like:` another has that one's fields where it says nothing.

    Raises:
        UnknownName: there is no such course of the network, or no such field; the nearest is named.
        EmtError: the file is no course, a value can't be one, or a field is of the other network.
    """
    kind, folder = CALLED[network], COURSES / network
    path = file_of(kind, named, folder)
    said = read_mapping(path, kind)
    like = said.pop("like", None)
    above = read_mapping(file_of(kind, str(like), folder), kind) if like else {}
    own = over(said, fields or {})
    _require_of(network, own, f"{kind} {named}")
    return validated(Course, over(over({"name": path.stem}, above), own), f"{kind} {named}")


def _require_of(network: Network, fields: Mapping[str, Any], what: str) -> None:
    """Refuse fields that would be passed over."""
    for other, names in OF_ONE.items():
        odd = sorted(names.intersection(fields)) if other != network else ()
        if odd:
            raise EmtError(
                f"{what}: {', '.join(odd)} would change nothing in emt repro {network}; only emt repro {other} reads "
                "it. Leave it out."
            )


def rate_at(step: int, steps: int, course: Course) -> float:
    """The learning rate of step 0, 1, ... of `steps`.

    >>> course = read_course("resnet", "resnet", {"learning_rate": 1.0, "warmup": 0.0})
    >>> rate_at(0, 10, course), round(rate_at(5, 10, course), 3)
    (1.0, 0.5)
    """
    rising = course.warmup * steps
    if step < rising:
        return course.learning_rate * (step + 1) / (rising + 1)
    if course.schedule == "constant":
        return course.learning_rate
    return course.learning_rate * 0.5 * (1 + cos(pi * (step - rising) / max(1.0, steps - rising)))


def optimizer_of(course: Course, weights: Iterator[Tensor] | list[Tensor]) -> torch.optim.Optimizer:
    """The optimiser of a part; its rate is set in each step."""
    if course.optimizer == "sgd":
        return torch.optim.SGD(
            weights, course.learning_rate, momentum=course.momentum, weight_decay=course.weight_decay
        )
    return torch.optim.AdamW(weights, course.learning_rate, weight_decay=course.weight_decay)
