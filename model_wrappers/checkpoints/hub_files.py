"""A file of a checkpoint: in a folder, or on the hub through its cache."""

from collections.abc import Sequence
from pathlib import Path

import httpx
from huggingface_hub import (
    constants,
    errors,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)

from emt_tasks.errors import EmtError


def local_folder(name: str, what: str) -> Path | None:
    """The folder that `name` means; None where it can only be a hub id.

    Args:
        name: what a user gave.
        what: the argument it was given as, for the message.

    Raises:
        EmtError: `name` is neither a folder that exists nor of the form of a hub id.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        raise EmtError(f"{what}={name} is a file. Name the folder it lies in.")
    if name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name:
        raise EmtError(f"{what}={name}: there is no such folder (looked at {path.absolute()}). Check the path.")
    return None


def find_file(name: str, candidates: Sequence[str], what: str, revision: str | None = None) -> Path | None:
    """The first of `candidates` that the folder or hub repository `name` has, fetched if need be; None if it has none.

    Raises:
        EmtError: there is no such folder or repository, or the hub can't be reached and the cache does not have it.
    """
    folder = local_folder(name, what)
    if folder is not None:
        return next((folder / file for file in candidates if (folder / file).is_file()), None)
    unreachable: Exception | None = None
    for file in candidates:
        try:
            return Path(hf_hub_download(name, file, revision=revision))
        except errors.LocalEntryNotFoundError as error:
            unreachable = error
        except errors.EntryNotFoundError:
            continue
        except (errors.HfHubHTTPError, errors.HFValidationError, OSError) as error:
            raise EmtError(_hub_trouble(name, what, revision, error)) from error
    if unreachable is not None:
        raise EmtError(_hub_trouble(name, what, revision, unreachable)) from unreachable
    return None


def optional_file(name: str, candidates: Sequence[str], what: str, revision: str | None = None) -> Path | None:
    """The first of `candidates` that there is; None also where an unreachable hub can't say whether it has one.

    Raises:
        EmtError: `name` is neither a folder that exists nor of the form of a hub id.
    """
    try:
        return find_file(name, candidates, what, revision)
    except EmtError:
        if local_folder(name, what) is not None:
            raise
        return None


def require_on_hub(hub_id: str, candidates: Sequence[str], what: str) -> None:
    """Make sure that a hub repository has one of `candidates`, without fetching it; the cache is asked first.

    Raises:
        EmtError: it has none, is not there, or can't be reached while the cache does not have it.
    """
    if any(isinstance(try_to_load_from_cache(hub_id, file), str) for file in candidates):
        return
    for file in candidates:
        try:
            get_hf_file_metadata(hf_hub_url(hub_id, file))
        except errors.EntryNotFoundError:
            continue
        except (errors.HfHubHTTPError, errors.HFValidationError, httpx.HTTPError, OSError) as error:
            raise EmtError(_hub_trouble(hub_id, what, None, error)) from error
        return
    raise EmtError(f"{what}={hub_id}: the hub has the model and none of {', '.join(candidates)} in it.")


def _hub_trouble(name: str, what: str, revision: str | None, error: Exception) -> str:
    said = f"{what}={name}" + (f" at revision {revision}" if revision else "")
    if isinstance(error, errors.HFValidationError):
        return f"{said}: neither a folder here nor a name that the hub allows (owner/name)."
    if isinstance(error, errors.GatedRepoError):
        return f"{said}: its owner asks for a licence first. Accept it on the hub's page, then `hf auth login`."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"{said}: no such folder here, and no such model on the hub (or a private one: `hf auth login`)."
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{said}: the hub has the model, but not this revision."
    if constants.HF_HUB_OFFLINE:
        return (
            f"{said}: no such folder here, and not in the hub's cache ({constants.HF_HUB_CACHE}); HF_HUB_OFFLINE is "
            "set. Unset it to download, or name a folder."
        )
    return (
        f"{said}: no such folder here, not in the hub's cache, and the hub ({constants.ENDPOINT}) can't be reached "
        f"({type(error).__name__}). Check the network, or name a folder."
    )
