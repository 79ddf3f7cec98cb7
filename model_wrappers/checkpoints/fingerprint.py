"""What weights are, by content: a checkpoint that was overwritten in place has another fingerprint. Needs no torch."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from huggingface_hub import constants, try_to_load_from_cache

from emt_tasks.errors import EmtError

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
INDEX_SUFFIX = ".index.json"
# What a checkpoint's answers depend on beside its weights.
SETTINGS = (
    "config.json", "generation_config.json", "adapter_config.json", "tokenizer.json", "tokenizer_config.json",
    "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.json",
    "chat_template.jinja", "preprocessor_config.json", "processor_config.json",
    "qformer_tokenizer/tokenizer.json", "qformer_tokenizer/tokenizer_config.json", "qformer_tokenizer/vocab.txt",
)  # fmt: skip
NOT_WEIGHTS = ("optimizer", "scheduler", "rng_state", "training_args", "scaler")
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin", "non_lora_trainables.bin")
BLOB = re.compile(r"[0-9a-f]{64}")
SETTLED = 2.0  # seconds; a file that changed later than this ago could change again within its clock's tick


def fingerprint(
    pretrained: str, peft: str | None = None, projector: str | None = None, revision: str | None = None
) -> str:
    """The sha256, in hex, of everything that makes a base, its adapter and its projector what they are.

    Args:
        pretrained: folder or hub id of the base.
        peft: folder or hub id of an adapter.
        projector: file or folder of projector weights.
        revision: of the base.

    Raises:
        EmtError: something is not on this machine.
    """
    parts: list[tuple[str, Path, Sequence[str] | None]] = [("base", _folder(pretrained, revision), None)]
    parts += [("tower", tower, None) for tower in _tower(parts[0][1])]
    parts += [("adapter", _folder(peft, None), ADAPTER_FILES)] if peft else []
    parts += [("projector", Path(projector).expanduser(), None)] if projector else []
    return _combined(f"{role} {line}" for role, path, names in parts for line in _lines(path, names))


def folder_fingerprint(folder: Path) -> str:
    """The sha256, in hex, of the weights and settings in a checkpoint's folder.

    Raises:
        EmtError: it is not there.
    """
    return _combined(_lines(folder, None))


def file_hash(path: Path) -> str:
    """The sha256 of a file's content, in hex.

    A hub blob is called by it. Of other files it is remembered in the user's cache folder, by path, size, times of
    change and inode, so that 14 GB are read once.

    Raises:
        EmtError: the file can't be read.
    """
    real = path.resolve()
    if real.parent.name == "blobs" and BLOB.fullmatch(real.name):
        return real.name
    try:
        before = _state(real)
        note = _notes() / hashlib.sha256(before.encode()).hexdigest()
        if note.is_file() and BLOB.fullmatch(known := note.read_text(encoding="ascii")):
            return known
        content = _content_hash(real)
        seen = real.stat()
        changed = max(seen.st_mtime, seen.st_ctime)  # a time of writing can be set back, the other can't
        settled = time.time() - changed > SETTLED and _state(real) == before
    except OSError as error:
        raise EmtError(f"{path} can't be read ({error}).") from error
    if settled:
        _remember(note, content)
    return content


def _folder(name: str, revision: str | None) -> Path:
    """The folder `name`, or the snapshot of the hub repository `name` in the cache."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    for file in ("config.json", "adapter_config.json"):
        found = try_to_load_from_cache(name, file, revision=revision)
        if isinstance(found, str):
            return Path(found).parent
    raise EmtError(f"{name!r} is no folder here and not in the hub's cache ({constants.HF_HUB_CACHE}).")


def _tower(folder: Path) -> list[Path]:
    """The vision encoder that a checkpoint in the LLaVA repository's layout names and that is here beside it."""
    config = folder / "config.json"
    said = json.loads(config.read_text(encoding="utf8")) if config.is_file() else {}
    if "mm_vision_tower" not in said or "text_config" in said:
        return []
    name = str(said["mm_vision_tower"])
    try:
        found = [place for place in (folder / name, folder.parent / name) if place.is_dir()]
        return found or [_folder(name, None)]
    except EmtError:
        return []  # it brings its own


def _lines(path: Path, names: Iterable[str] | None) -> list[str]:
    """A line for each file at `path` that counts: its name and its hash."""
    if path.is_file():
        return [f"{path.suffix} {file_hash(path)}"]
    if not path.is_dir():
        raise EmtError(f"there is no folder {str(path)!r}.")
    files = (
        [path / name for name in names] if names is not None else [*_weights(path), *(path / name for name in SETTINGS)]
    )
    return [f"{file.name} {file_hash(file)}" for file in sorted(files) if file.is_file()]


def _weights(folder: Path) -> list[Path]:
    """The files that a base is loaded from: those an index names, or all of the kind that transformers prefers."""
    for index in sorted(folder.glob(f"*{INDEX_SUFFIX}"), key=lambda file: "safetensors" not in file.name):
        named = json.loads(index.read_text(encoding="utf8")).get("weight_map", {})
        return [index, *(folder / name for name in sorted(set(named.values())))]
    for suffix in WEIGHT_SUFFIXES:
        if found := [file for file in folder.glob(f"*{suffix}") if not file.name.startswith(NOT_WEIGHTS)]:
            return found
    return []


def _combined(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _content_hash(path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**24):
            seen.update(block)
    return seen.hexdigest()


def _state(path: Path) -> str:
    seen = path.stat()
    return f"{path} {seen.st_size} {seen.st_mtime_ns} {seen.st_ctime_ns} {seen.st_ino}"


def _notes() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "emt-bench" / "fingerprints"


def _remember(note: Path, content: str) -> None:
    """Write a note for next time; where the cache folder can't be written to there is none."""
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_name(f"{note.name}.{os.getpid()}")
        part.write_text(content, encoding="ascii")
        part.replace(note)
    except OSError:
        return
