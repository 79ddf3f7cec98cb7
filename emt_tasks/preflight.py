"""What can be known to fail before a model is loaded: each check takes at most seconds and says what to do."""

import importlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks import sources
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.tasks import Task, leaves

BYTES_FOR_RUN = 50_000_000  # 40,000 rows of sample log at about 1 kB each, with room to spare
WEIGHT_FILES = ("*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `problem` is empty where it is fine."""

    name: str
    found: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to be made of, as far as it can be checked beforehand."""

    tasks: Sequence[str]
    model: str
    model_args: Mapping[str, Any]
    output_path: Path
    adapters: Sequence[Path] = ()


def checks(asked: Asked) -> Iterator[Check]:
    """Each check's finding as it is made, in an order in which later ones may rely on earlier ones."""
    for name, look in CHECKS.items():
        try:
            yield Check(name, look(asked))
        except EmtError as error:
            yield Check(name, "", str(error))
            return


def _tasks(asked: Asked) -> str:
    return ", ".join(task.name for task in leaves(tuple(asked.tasks)))


def _data(asked: Asked) -> str:
    folder = sources.data_dir()
    found = []
    for task in leaves(tuple(asked.tasks)):
        if folder is not None:
            found.append(str(sources.from_folder(task.config, folder)["dataset_path"]))
        else:
            _require_on_hub(task)
            found.append(str(task.config["dataset_path"]))
    return ", ".join(dict.fromkeys(found))


def _require_on_hub(task: Task) -> None:
    """Raise where the task's set is neither on the hub nor in the cache of an earlier run."""
    from datasets import config as datasets_config
    from huggingface_hub import HfApi, constants

    hub_id, revision = task.config["dataset_path"], task.config["dataset_kwargs"]["revision"]
    cached = Path(datasets_config.HF_DATASETS_CACHE) / hub_id.replace("/", "___")
    if cached.is_dir() or (Path(constants.HF_HUB_CACHE) / f"datasets--{hub_id.replace('/', '--')}").is_dir():
        return
    _ask_hub(
        lambda: HfApi().dataset_info(hub_id, revision=revision, timeout=20),
        f"the set {hub_id}",
        f"or point {sources.DATA_DIR_VARIABLE} at a copy on disk",
    )


def _ask_hub(ask: Callable[[], Any], what: str, otherwise: str) -> None:
    """Call `ask`, which asks the hub, and say what is the matter with `what` where it does not answer."""
    import httpx
    from huggingface_hub import errors

    try:
        ask()
    except errors.RepositoryNotFoundError as error:
        raise EmtError(
            f"{what} is not on the hub, or needs a login (`hf auth login`). Check its name, {otherwise}."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise EmtError(f"{what} has no such revision on the hub. Check revision=, {otherwise}.") from error
    except errors.EntryNotFoundError as error:
        raise EmtError(
            f"{what} has no config.json on the hub: it is no model of transformers. Check its name, {otherwise}."
        ) from error
    except (errors.HfHubHTTPError, errors.OfflineModeIsEnabled, httpx.HTTPError, OSError) as error:
        raise EmtError(
            f"{what} can't be reached ({type(error).__name__}). Check the network and HF_ENDPOINT, {otherwise}."
        ) from error


def _model(asked: Asked) -> str:
    from lmms_eval.models import get_model_manifest, list_available_models

    known = list_available_models(include_aliases=True)
    if asked.model not in known:
        raise UnknownName("model", asked.model, known)
    manifest = get_model_manifest(asked.model)
    path = manifest.chat_class_path or manifest.simple_class_path or ""
    if path.startswith("model_wrappers."):
        from model_wrappers.arguments import check_arguments

        module, name = path.rsplit(".", 1)
        check_arguments(getattr(importlib.import_module(module), name), asked.model_args)
    return f"{asked.model} ({path})"


def _weights(asked: Asked) -> str:
    from huggingface_hub import HfApi, constants, try_to_load_from_cache

    named = asked.model_args.get("pretrained")
    if named is None:
        return "the model's default"
    folder = Path(str(named)).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise EmtError(
                f"{folder} has no config.json: it is no model of transformers. For an adapter, use peft= beside pretrained=."
            )
        return f"{folder} ({_size(_weight_bytes(folder))})"
    if str(named).startswith(("/", ".", "~")) or str(named).count("/") != 1:
        raise EmtError(
            f"there is no folder {str(folder)!r}. Check pretrained=, or name a model of the hub (owner/name)."
        )
    revision = asked.model_args.get("revision")
    if (
        isinstance(try_to_load_from_cache(str(named), "config.json", revision=revision), str)
        and constants.HF_HUB_OFFLINE
    ):
        return f"{named} (cached)"
    _ask_hub(
        lambda: HfApi().get_paths_info(str(named), "config.json", revision=revision),
        f"the model {named}",
        "or name a folder",
    )
    return f"{named} (hub)"


def _adapters(asked: Asked) -> str:
    named = [*asked.adapters, *([asked.model_args["peft"]] if asked.model_args.get("peft") else [])]
    projector = asked.model_args.get("projector")
    if not named and not projector:
        return "none"
    from model_wrappers.adapters import check_adapter

    pretrained, revision = asked.model_args.get("pretrained"), asked.model_args.get("revision")
    if pretrained is None:
        raise EmtError("an adapter needs the base that it was trained on: add pretrained= to the model's arguments.")
    for peft in named or [None]:
        check_adapter(str(pretrained), None if peft is None else str(peft), projector, revision)
    return ", ".join(str(name) for name in [*named, *([projector] if projector else [])])


def _disk(asked: Asked) -> str:
    existing = next(
        folder for folder in (asked.output_path.absolute(), *asked.output_path.absolute().parents) if folder.exists()
    )
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise EmtError(f"{existing} is no folder that can be written to. Choose another --output-path.")
    free = shutil.disk_usage(existing).free
    if free < BYTES_FOR_RUN:
        raise EmtError(
            f"{existing} has {_size(free)} left, a run may need {_size(BYTES_FOR_RUN)}. Make room or choose another --output-path."
        )
    return f"{_size(free)} free at {existing}"


def _memory(asked: Asked) -> str:
    folder = Path(str(asked.model_args.get("pretrained", ""))).expanduser()
    needed = _weight_bytes(folder) if asked.model_args.get("pretrained") and folder.is_dir() else 0
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > have:
        raise EmtError(
            f"the weights are {_size(needed)}, this machine has {_size(have)} of memory. Use a smaller model, or one "
            "stored in a smaller dtype."
        )
    return f"{_size(have)}, weights {_size(needed) if needed else 'not known before they are fetched'}"


def _weight_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for pattern in WEIGHT_FILES for path in folder.glob(pattern))


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
    "model": _model,
    "weights": _weights,
    "memory": _memory,
    "adapter": _adapters,
    "data": _data,
}
