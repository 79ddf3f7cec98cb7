"""The catalogue: what the task files say, read without a harness."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from jinja2 import Environment, StrictUndefined

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.quick_yaml import SafeLoader
from emt_tasks.task_files import task_folder


@dataclass(frozen=True, slots=True)
class Task:
    """One task file with its includes resolved; `!function` values are their dotted names."""

    name: str
    path: Path
    config: Mapping[str, Any]

    @property
    def members(self) -> tuple[str, ...]:
        """The tasks of a group; empty for a task."""
        return tuple(self.config["task"]) if isinstance(self.config["task"], list) else ()

    @property
    def readings(self) -> tuple[str, ...]:
        """How its answers are read."""
        return tuple(filter_["name"] for filter_ in self.config.get("filter_list", ()))

    @property
    def chooses(self) -> bool:
        """Whether labels are scored rather than answers generated."""
        return bool(self.config.get("output_type") == "multiple_choice")

    @property
    def labels(self) -> LabelSet:
        """The label set that its prompt lists."""
        return label_set(self.config["filter_list"][0]["filter"][0]["labels"])


class _Loader(SafeLoader):  # type: ignore[misc]
    """Reads the harness's YAML without importing what `!function` names."""


_Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(cast(yaml.ScalarNode, node)))


def _resolved(path: Path) -> dict[str, Any]:
    """The mapping in `path`, over those of the files it includes, the first of them over the others."""
    config: dict[str, Any] = yaml.load(path.read_text(encoding="utf8"), _Loader)  # noqa: S506  # a SafeLoader
    included = config.pop("include", [])
    for name in [included] if isinstance(included, str) else included:
        config = {**_resolved(path.parent / name), **config}
    return config


@cache
def catalogue() -> Mapping[str, Task]:
    """Every task and group by name, tasks first."""
    found = {}
    for path in sorted(task_folder().glob("*.yaml")):
        config = _resolved(path)
        name = config.get("group") or config.get("task")
        if isinstance(name, str):
            found[name] = Task(name, path, config)
    return dict(sorted(found.items(), key=lambda item: (bool(item[1].members), item[0])))


def task(name: str) -> Task:
    """The task or group called `name`.

    Raises:
        UnknownName: there is none; the nearest is named.
    """
    known = catalogue()
    if name not in known:
        raise UnknownName("task", name, known)
    return known[name]


def leaves(names: list[str] | tuple[str, ...]) -> tuple[Task, ...]:
    """The tasks that `names` stand for, groups opened, each once, in order.

    Raises:
        UnknownName: a name that is neither task nor group.
    """
    opened = [task(leaf) for name in names for leaf in (task(name).members or (name,))]
    return tuple({leaf.name: leaf for leaf in opened}.values())


WITH_SENTENCES_OF_ITS_OWN = ("emt_clip",)


def generating(choosing: str) -> str:
    """The task that has the model answer what task `choosing` has it score labels for.

    >>> generating("emt_cifar10_choice"), generating("emt_cifar10_choice_sentence")
    ('emt_cifar10', 'emt_cifar10')
    """
    return choosing.partition("_choice")[0]


def require_scorer(names: Iterable[str], model: str, chat: bool) -> None:
    """Refuse tasks of ours that score labels for a model that can't; other harnesses' names are passed over.

    Raises:
        EmtError: lmms-eval only lets chat models generate, and an encoder is asked in sentences of its own.
    """
    known = catalogue()
    choosing = [leaf.name for leaf in leaves([name for name in names if name in known]) if leaf.chooses]
    if chat and choosing:
        raise EmtError(
            f"{choosing[0]} scores labels by their likelihood, and lmms-eval lets {model}, a chat model, only "
            f"generate. Use the task {generating(choosing[0])}, or a model that scores: emt_llava, emt_hf."
        )
    within = [name for name in choosing if name.endswith("_sentence")]
    if model in WITH_SENTENCES_OF_ITS_OWN and within:
        raise EmtError(
            f"{within[0]} weighs labels within a sentence, and {model} has sentences of its own (template=). "
            f"Use the task {within[0].removesuffix('_sentence')}: a report of the sentences takes it for the encoder."
        )


def prompt_of(name: str) -> str:
    """The question that task `name` asks of every row, as the harness renders it.

    >>> prompt_of("emt_mnist")[:34]
    'What is the number in the image? P'
    """
    return _rendered(task(name), "doc_to_text")


def choices_of(name: str) -> tuple[str, ...]:
    """The texts that task `name` scores, one a label in their order, as the harness renders them.

    >>> choices_of("emt_mnist_choice")[3], choices_of("emt_mnist_choice_sentence")[3]
    ('3', 'The number is 3.')
    """
    asked = task(name)
    if asked.config["doc_to_choice"] == "labels":
        return asked.labels.labels
    return tuple(ast.literal_eval(_rendered(asked, "doc_to_choice")))


def _rendered(asked: Task, key: str) -> str:
    template = Environment(undefined=StrictUndefined).from_string(asked.config[key])  # noqa: S701  # plain text
    return template.render(labels=list(asked.labels.labels))
