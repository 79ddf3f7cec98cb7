"""Where the rows come from: the hub, or the same sets in a folder that `EMT_DATA_DIR` names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError

DATA_DIR_VARIABLE = "EMT_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Source:
    """One set: its id on the hub, its folder below `EMT_DATA_DIR`, and the names of its columns."""

    hub_id: str
    folder: str
    image: str
    label: str


SOURCES: Mapping[str, Source] = {
    "mnist": Source("ylecun/mnist", "mnist", "image", "label"),
    "cifar10": Source("uoft-cs/cifar10", "cifar10", "img", "label"),
    "cifar100": Source("uoft-cs/cifar100", "cifar100", "img", "fine_label"),
    "miniimagenet": Source("timm/mini-imagenet", "mini-imagenet", "image", "label"),
}


_redirected: set[str] = set()  # hub ids that this process reads from a folder


class MissingData(EmtError):  # noqa: N818  # reads as what it says
    """A set is not where it was said to be."""


def columns_of(key: str) -> Source:
    """The `Source` of set `key`, for its column names."""
    return SOURCES[key]


def data_dir() -> Path | None:
    """The folder that `EMT_DATA_DIR` names, or None.

    Raises:
        MissingData: it names something that is no folder.
    """
    named = os.environ.get(DATA_DIR_VARIABLE, "").strip()
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    if not folder.is_dir():
        raise MissingData(
            f"{DATA_DIR_VARIABLE} names {str(folder)!r}, which is no folder. Unset it to read the hub, or name a "
            f"folder with {', '.join(source.folder for source in SOURCES.values())}."
        )
    return folder


def from_folder(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The task `config` of one of our sets, reading its copy below `folder`; other configs come back unchanged.

    The result names the folder as `dataset_path`, and `metadata.data_dir`, so that a run says what it read.

    Raises:
        MissingData: the set's folder is not there.
    """
    source = next((s for s in SOURCES.values() if s.hub_id == config.get("dataset_path")), None)
    if source is None:
        return dict(config)
    local = folder / source.folder
    if any(sign in str(folder) for sign in "[]*?"):
        raise MissingData(
            f"{DATA_DIR_VARIABLE} is {str(folder)!r}: the datasets library reads [, ], * and ? in a path as a pattern. "
            "Move the sets to a folder without them."
        )
    if not local.is_dir():
        raise MissingData(
            f"{DATA_DIR_VARIABLE} is {str(folder)!r}, which has no folder {source.folder!r} for {source.hub_id}. "
            f"Put the set there, or unset {DATA_DIR_VARIABLE} to read the hub."
        )
    pattern = (config.get("dataset_kwargs") or {}).get("data_files", {}).get("test", "*")
    if not any(local.glob(pattern)):
        raise MissingData(f"{local} has no file {pattern}, which holds the test split of {source.hub_id} on the hub.")
    _redirected.add(source.hub_id)
    arguments = {name: value for name, value in (config.get("dataset_kwargs") or {}).items() if name != "revision"}
    told = {**(config.get("metadata") or {}), "data_dir": str(folder)}
    # `data_files` alone say which rows: a folder of parquet files without the hub's card has no named config.
    return {**config, "dataset_path": str(local), "dataset_name": None, "dataset_kwargs": arguments, "metadata": told}


def is_ours(config: Mapping[str, Any]) -> bool:
    """Whether a task's `config` reads one of our sets from the hub."""
    return config.get("dataset_path") in {source.hub_id for source in SOURCES.values()}


def from_hub_cache(config: Mapping[str, Any]) -> dict[str, Any]:
    """The task `config` of one of our sets, reading what the hub's cache holds; other configs come back unchanged.

    Offline, `datasets` does not find again what it fetched through `data_files`: it names its copy by the files' URLs.

    Raises:
        MissingData: the cache has no test split of the pinned revision.
    """
    hub_id, asked = str(config.get("dataset_path")), config.get("dataset_kwargs") or {}
    if hub_id not in {source.hub_id for source in SOURCES.values()}:
        return dict(config)
    pattern, revision = asked["data_files"]["test"], asked["revision"]
    snapshot = cached_snapshot(hub_id, revision)
    if not any(snapshot.glob(pattern)):
        raise MissingData(
            f"the hub is not asked (offline), and its cache has no test split of {hub_id}. Fetch it where there is a "
            f"network: hf download --repo-type dataset {hub_id} --revision {revision} --include '{pattern}'; or point "
            f"{DATA_DIR_VARIABLE} at a copy."
        )
    told = {**(config.get("metadata") or {}), "hub_id": hub_id, "revision": revision}
    arguments = {name: value for name, value in asked.items() if name != "revision"}
    return {
        **config,
        "dataset_path": str(snapshot),
        "dataset_name": None,
        "dataset_kwargs": arguments,
        "metadata": told,
    }


def cached_snapshot(hub_id: str, revision: str) -> Path:
    """Where the hub's cache keeps the files of a set at `revision`; the folder may be missing.

    Source: huggingface.co/docs/huggingface_hub, "Understand caching": refs/<revision> names the commit, and
    snapshots/<commit> holds the files.
    """
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE) / f"datasets--{hub_id.replace('/', '--')}"
    reference = cache / "refs" / revision
    return cache / "snapshots" / (reference.read_text().strip() if reference.is_file() else revision)


def require_asked_for(key: str) -> None:
    """Refuse hub rows of set `key` while `EMT_DATA_DIR` asks for a folder's.

    That happens where our hook into the harness did not run, which alone can redirect a task's data.

    Raises:
        MissingData: the folder was asked for and no config was redirected to it.
    """
    if data_dir() is not None and SOURCES[key].hub_id not in _redirected:
        raise MissingData(
            f"{DATA_DIR_VARIABLE} is set, but this way into the harness can't redirect a task's data, and the rows of "
            f"{key} come from the hub. Use `lmms-eval` 0.7.3, `simple_evaluate` or `emt run`, or unset the variable."
        )
