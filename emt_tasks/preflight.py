"""What can be known to fail before a model is loaded: each check takes at most seconds and says what to do."""

import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks import sources
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.hub import reach_hub
from emt_tasks.requirements import require_readings
from emt_tasks.tasks import Task, leaves, require_scorer
from emt_tasks.tuned_folders import tuned_arguments

BYTES_FOR_RUN = 50_000_000  # 40,000 rows of sample log at about 1 kB each, with room to spare
ROWS, BYTES_FOR_SCORE = 10_000, 200  # of a set at most; of each label's score in log and journal
WEIGHT_FILES = ("*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `problem` is None where it is fine."""

    name: str
    found: str
    problem: EmtError | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to be made of, as far as it can be checked beforehand."""

    tasks: Sequence[str]
    model: str
    model_args: Mapping[str, Any]
    output_path: Path
    adapters: Sequence[Path] = ()
    elsewhere: str = "folder for the output"  # what the user is to choose another of, where there is no room


def checks(asked: Asked) -> Iterator[Check]:
    """Each check's finding as it is made, in an order in which later ones may rely on earlier ones."""
    for name, look in CHECKS.items():
        try:
            yield Check(name, look(asked))
        except EmtError as error:
            yield Check(name, "", error)
            return


def _hub(asked: Asked) -> str:  # noqa: ARG001
    return reach_hub()


def _tasks(asked: Asked) -> str:
    return ", ".join(task.name for task in leaves(tuple(asked.tasks)))


def _data(asked: Asked) -> str:
    from huggingface_hub import constants

    folder = sources.data_dir()
    found = []
    for task in leaves(tuple(asked.tasks)):
        if folder is not None:
            found.append(sources.from_folder(task.config, folder)["dataset_path"])
        elif constants.HF_HUB_OFFLINE:
            found.append(sources.from_hub_cache(task.config)["metadata"]["hub_id"])
        else:
            _require_on_hub(task)
            found.append(task.config["dataset_path"])
    return ", ".join(dict.fromkeys(map(str, found)))


def _require_on_hub(task: Task) -> None:
    """Raise where the hub does not give the task's set."""
    from huggingface_hub import errors, hf_hub_download

    hub_id, revision = task.config["dataset_path"], task.config["dataset_kwargs"]["revision"]
    try:
        hf_hub_download(hub_id, "README.md", repo_type="dataset", revision=revision)
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError) as error:
        raise EmtError(
            f"the hub does not give {hub_id} at revision {revision} ({type(error).__name__}). Check the network and "
            f"the login, or point {sources.DATA_DIR_VARIABLE} (--data-dir) at a copy on disk."
        ) from error


def _readings(asked: Asked) -> str:
    return ", ".join(require_readings(asked.tasks)) or "by rules: nothing more is needed"


def _model(asked: Asked) -> str:
    from lmms_eval.models import get_model_manifest, list_available_models

    known = list_available_models(include_aliases=True)
    if asked.model not in known:
        raise UnknownName("model", asked.model, known)
    require_scorer(asked.tasks, asked.model, chat=get_model_manifest(asked.model).chat_class_path is not None)
    ours = _our_class(asked.model)
    if ours is None:
        return f"{asked.model} (of lmms-eval)"
    ours.check(asked.model_args)
    return f"{asked.model} ({ours.__module__}.{ours.__qualname__})"


def _weights(asked: Asked) -> str:
    ours = _our_class(asked.model)
    if ours is None:
        return "as the model's arguments say"
    return ", ".join(dict.fromkeys(ours.locate(asked.model_args).values()))


def _pretrained(asked: Asked) -> str | None:
    """The base that transformers is to load, where that is known: as asked for, or our model's default."""
    ours = _our_class(asked.model)
    if ours is not None and not hasattr(ours, "default_pretrained"):
        return None  # of several parts
    named = asked.model_args.get("pretrained") or getattr(ours, "default_pretrained", None)
    return None if named is None else str(named)


def _our_class(model: str) -> Any:
    """The class of a model over our `Wrapper`, whoever registered it; None for the harness's, which is not imported."""
    from lmms_eval.models import get_model_manifest

    manifest = get_model_manifest(model)
    module, name = (manifest.chat_class_path or manifest.simple_class_path or ".").rsplit(".", 1)
    if module.startswith("lmms_eval."):
        return None
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise EmtError(f"--model {model} can't be imported from {module}: {error}. Mend its package.") from error
    from model_wrappers.wrapper import Wrapper

    return found if issubclass(found, Wrapper) else None


def _adapters(asked: Asked) -> str:
    said = {name: str(asked.model_args[name]) for name in ("peft", "projector") if asked.model_args.get(name)}
    named = [said | tuned_arguments(folder) for folder in asked.adapters] or ([said] if said else [])
    if not named:
        return "none"
    from model_wrappers.checkpoints.adapters import check_adapter

    pretrained, revision = _pretrained(asked), asked.model_args.get("revision")
    if pretrained is None:
        raise EmtError("an adapter needs the base that it was trained on: add pretrained= to the model's arguments.")
    for each in named:
        check_adapter(str(pretrained), each.get("peft"), each.get("projector"), revision)
    return ", ".join(dict.fromkeys(name for each in named for name in each.values()))


def _bytes_for_run(tasks: Sequence[Task]) -> int:
    """What the files of a run over all rows may take: log and journal."""
    scores = sum(ROWS * len(task.labels.labels) * BYTES_FOR_SCORE for task in tasks if task.chooses)
    return BYTES_FOR_RUN + scores


def _disk(asked: Asked) -> str:
    needed = _bytes_for_run(leaves(tuple(asked.tasks)))
    existing = next(
        folder for folder in (asked.output_path.absolute(), *asked.output_path.absolute().parents) if folder.exists()
    )
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise EmtError(f"{existing} is no folder that can be written to. Choose another {asked.elsewhere}.")
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise EmtError(
            f"{existing} has {_size(free)} left, a run may need {_size(needed)}. Make room or choose another "
            f"{asked.elsewhere}."
        )
    return f"{_size(free)} free at {existing}"


def _memory(asked: Asked) -> str:
    named = _pretrained(asked)
    needed = 0 if named is None else _weight_bytes(Path(named).expanduser()) or _hub_weight_bytes(named, asked)
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    smaller = any(asked.model_args.get(name) for name in ("load_in_8bit", "load_in_4bit", "offload_folder"))
    if needed > have and not smaller:
        raise EmtError(
            f"the weights are {_size(needed)}, this machine has {_size(have)} of memory. Use a smaller model, or one "
            "stored in a smaller dtype."
        )
    return f"{_size(have)}, the weights need {_size(needed) if needed else 'what is not known before they are fetched'}"


def _weight_bytes(folder: Path) -> int:
    """The size of the weights in `folder`; 0 where it is none."""
    return sum(path.stat().st_size for pattern in WEIGHT_FILES for path in folder.glob(pattern))


def _hub_weight_bytes(hub_id: str, asked: Asked) -> int:
    """The size of a hub model's weights as its index tells it; 0 where it has none, or the hub is not asked."""
    from huggingface_hub import constants

    from model_wrappers.checkpoints.hub_files import find_file

    if constants.HF_HUB_OFFLINE:
        return 0
    index = find_file(hub_id, ["model.safetensors.index.json"], "pretrained", asked.model_args.get("revision"))
    return int(json.loads(index.read_text(encoding="utf8"))["metadata"]["total_size"]) if index else 0


def _size(number: float) -> str:
    """Bytes in the unit that suits them, as 1.2 GB."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


CHECKS: Mapping[str, Callable[[Asked], str]] = {
    "tasks": _tasks,
    "disk": _disk,
    "hub": _hub,
    "data": _data,
    "readings": _readings,
    "model": _model,
    "weights": _weights,
    "memory": _memory,
    "adapter": _adapters,
}
