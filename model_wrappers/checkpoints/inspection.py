"""What a checkpoint is, from its configs and the descriptions of its tensors: no base and no weights are loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapter_files import CONFIG, Adapter, read_adapter
from model_wrappers.checkpoints.adapter_files import WEIGHTS as ADAPTER_WEIGHTS
from model_wrappers.checkpoints.fingerprint import file_hash
from model_wrappers.checkpoints.llava_layout import LINEAR, TRAINABLES, is_repository_config, projector_type, read_json
from model_wrappers.checkpoints.llava_weights import FINAL_NORM, is_delta, weight_files
from model_wrappers.checkpoints.misfits import listed
from model_wrappers.checkpoints.projector import FILES as PROJECTOR_FILES
from model_wrappers.checkpoints.tensor_files import Shapes, load_tensors, tensor_shapes
from model_wrappers.checkpoints.trained_beside import UNKNOWN_BASE, lacks_projector

SIZES = {4096: "7b", 5120: "13b"}
"""Hidden sizes of Llamas and what models with them are called."""
FACTOR = ".lora_A.weight"
FIRST_LAYER = ("mm_projector.weight", "mm_projector.0.weight", "multi_modal_projector.linear_1.weight")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a checkpoint is.

    Attributes:
        path: where it is.
        layout: whose form it has: `transformers`, `peft` or `llava-repository`.
        method: what was trained: `linear` (the projector), `lora`, `full`, or `delta` (differences to LLaMA).
        base: the base that it names itself, or None.
        projector: `linear`, `mlp2x_gelu`, ...; `two layers` under transformers' names; None where it brings none.
        rank: of LoRA.
        alpha: of LoRA.
        targets: the layers that LoRA is on, by the last part of their names.
        hidden_size: of the language model.
        vision_size: hidden size of the vision encoder.
        tensors: how many there are.
        parameters: how many numbers are in them.
        files: sha256 of each file with weights.
        fits: what it can be put on, or how it is used.
        problems: what is missing or wrong: loading refuses it.
        notes: what loading would warn of.
    """

    path: str
    layout: str
    method: str
    base: str | None
    projector: str | None
    rank: int | None
    alpha: float | None
    targets: tuple[str, ...]
    hidden_size: int | None
    vision_size: int | None
    tensors: int
    parameters: int
    files: dict[str, str]
    fits: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def inspected(path: Path) -> Inspection:
    """What the file or folder `path` is.

    Raises:
        EmtError: it is not there, can't be read, or is no checkpoint.
    """
    if path.is_file():
        return _projector(path, path, {})
    if not path.is_dir():
        raise EmtError(f"{path}: there is no such file or folder. Name one here; `hf download` fetches one of the hub.")
    config = path / "config.json"
    said = read_json(config) if config.is_file() else {}
    if (path / CONFIG).is_file() or any((path / name).is_file() for name in TRAINABLES):
        return _adapter(path, said)
    alone = next((path / name for name in PROJECTOR_FILES if (path / name).is_file()), None)
    if alone is not None:
        return _projector(path, alone, said)
    if said:
        return _whole(path, said)
    raise EmtError(f"{path} is no checkpoint: it has neither a config.json, an {CONFIG} nor a {PROJECTOR_FILES[-1]}.")


def _projector(path: Path, file: Path, said: Mapping[str, Any]) -> Inspection:
    shapes = tensor_shapes(file)
    kind = _projector_of(shapes)
    if kind is None:
        raise EmtError(f"{file} holds no projector that is known. Its tensors: {', '.join(list(shapes)[:4])}.")
    layout = "transformers" if projector_type(shapes) is None else "llava-repository"
    base = said.get("_name_or_path")
    return _made(path, layout, "linear", base, [file], shapes, fits="projector=", problems=())


def _adapter(path: Path, said: Mapping[str, Any]) -> Inspection:
    weights = _first(path, ADAPTER_WEIGHTS)
    trainables = _first(path, TRAINABLES)
    problems, notes, adapter = _of_loading(path)
    repository = trainables is not None or is_repository_config(said) or bool(problems and adapter)
    config = read_json(path / CONFIG) if (path / CONFIG).is_file() else {}
    files = [file for file in (weights, trainables) if file is not None]
    shapes = {key: shape for file in files for key, shape in tensor_shapes(file).items()}
    layout = "llava-repository" if repository else "peft"
    base = config.get("base_model_name_or_path")
    method = str(config.get("peft_type", "lora")).lower()
    if adapter is not None and (other := _other_rank(config, shapes)):
        problems.append(other)
    return _made(
        path, layout, method, base, files, shapes, fits="peft=", problems=tuple(problems), adapter=config, notes=notes
    )


def _of_loading(path: Path) -> tuple[list[str], tuple[str, ...], Adapter | None]:
    """Why loading would refuse the adapter in `path` on any base, what it would warn of, and the adapter it reads."""
    problems = [] if (path / CONFIG).is_file() else [f"no {CONFIG}: copied in part"]
    if _first(path, ADAPTER_WEIGHTS) is None:
        problems.append(f"no {' or '.join(ADAPTER_WEIGHTS)}: copied in part")
    if problems:
        return problems, (), None
    try:
        adapter = read_adapter(str(path))
    except EmtError as error:
        return [str(error)], (), None
    if lacking := lacks_projector(adapter):
        problems.append(f"it {lacking}")
    return problems, (f"it {UNKNOWN_BASE}",) if adapter.trainables and adapter.llava is None else (), adapter


def _other_rank(config: Mapping[str, Any], shapes: Shapes) -> str:
    """Where LoRA's factors are of another rank than the config says; "" where they are not."""
    rank = config.get("r")
    if not isinstance(rank, int) or config.get("rank_pattern"):
        return ""
    odd = [f"{key} {shape[0]}" for key, shape in shapes.items() if key.endswith(FACTOR) and shape[0] != rank]
    return f"its {CONFIG} says r={rank}, its weights {listed(odd)}: they are not one adapter's" if odd else ""


def _whole(path: Path, said: Mapping[str, Any]) -> Inspection:
    repository = is_repository_config(said)
    try:
        files, problems = weight_files(path), ()
    except EmtError as error:
        return _made(path, _whose(repository), "full", None, [], {}, fits="pretrained=", problems=(str(error),))
    shapes = {key: shape for file in files for key, shape in tensor_shapes(file).items()}
    method = "full"
    holder = next((file for file in files if repository and FINAL_NORM in tensor_shapes(file)), None)
    if holder is not None and is_delta(load_tensors(holder)):
        method = "delta"
    text = said.get("text_config", said)
    return _made(
        path, _whose(repository), method, text.get("_name_or_path") or None, files, shapes, fits="pretrained=",
        problems=problems, hidden_size=text.get("hidden_size"),
    )  # fmt: skip


def _made(
    path: Path,
    layout: str,
    method: str,
    base: str | None,
    files: Iterable[Path],
    shapes: Shapes,
    fits: str,
    problems: tuple[str, ...],
    adapter: Mapping[str, Any] | None = None,
    hidden_size: int | None = None,
    notes: tuple[str, ...] = (),
) -> Inspection:
    first = next((shape for key, shape in shapes.items() if key.endswith(FIRST_LAYER)), None)
    down = [shape[1] for key, shape in shapes.items() if key.endswith("self_attn.q_proj.lora_A.weight")]
    hidden = hidden_size or (first[0] if first else down[0] if down else None)
    vision = first[1] if first else None
    kind = _projector_of(shapes)
    targets = {key.split(".lora_")[0].rpartition(".")[2] for key in shapes if ".lora_" in key}
    return Inspection(
        path=str(path), layout=layout, method=method, base=base or None, projector=kind,
        rank=(adapter or {}).get("r"), alpha=(adapter or {}).get("lora_alpha"), targets=tuple(sorted(targets)),
        hidden_size=hidden, vision_size=vision, tensors=len(shapes),
        parameters=sum(_count(shape) for shape in shapes.values()),
        files={file.name: file_hash(file) for file in files}, fits=_use(fits, method, kind, hidden, vision, path),
        problems=problems, notes=notes,
    )  # fmt: skip


def _use(argument: str, method: str, kind: str | None, hidden: int | None, vision: int | None, path: Path) -> str:
    """A sentence on what it goes on."""
    size = f"hidden size {hidden}" + (f" (a {SIZES[hidden]})" if hidden in SIZES else "")
    if method == "delta":
        return f"nothing alone: emt checkpoint convert {path} --base <LLaMA of {size}> --out <folder>"
    if argument == "pretrained=":
        return f"{argument}{path}, a language model of {size}"
    needs = [size, *([f"a vision encoder of hidden size {vision}"] if vision else [])]
    needs += [f"a projector of type {kind}"] if kind in (LINEAR, "mlp2x_gelu") else []
    return f"{argument}{path} on a LLaVA with {', '.join(needs)}"


def _projector_of(shapes: Shapes) -> str | None:
    named = projector_type(shapes)
    return named or ("two layers" if any("multi_modal_projector.linear_2" in key for key in shapes) else None)


def _first(folder: Path, names: Iterable[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _whose(repository: bool) -> str:
    return "llava-repository" if repository else "transformers"


def _count(shape: Iterable[int]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product
