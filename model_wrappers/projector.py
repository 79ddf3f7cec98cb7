"""Weights of a projector alone, as *linear* fine-tuning leaves them: between vision encoder and language model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from model_wrappers.layouts import Layout
from model_wrappers.misfits import differences, other_hidden_size
from model_wrappers.tensor_files import tensor_shapes

MODULES = ("multi_modal_projector", "connector", "merger", "aligner", "language_projection")
"""What transformers' models call it; the first that a model has is meant."""
FILES = ("projector.safetensors", "mm_projector.safetensors", "projector.bin", "mm_projector.bin")
"""What its file is called in a folder that holds more than one."""


@dataclass(frozen=True, slots=True)
class Projector:
    """A projector's weights, known to fit.

    Attributes:
        file: where they are.
        module: the projector's name in the model.
        key_of: name of a weight in the model -> key in the file.
    """

    file: Path
    module: str
    key_of: dict[str, str]


def read_projector(named: str, model: Any, layout: Layout, base: str) -> Projector:
    """The projector in the file or folder `named`, which replaces that of `model`.

    Raises:
        EmtError: there is no such file, the model has no projector, or one's weights are not the other's.
    """
    file = _file(named)
    module = projector_of(model)
    if module is None:
        raise EmtError(f"projector={named}: {base!r} has no module called {', '.join(MODULES)} to put it in.")
    shapes = tensor_shapes(file)
    key_of = {layout.weight(_bare(key)): key for key in shapes}
    found = {name: shapes[key] for name, key in key_of.items()}
    wanted = {
        f"{module}.{name}": tuple(weight.shape) for name, weight in model.get_submodule(module).named_parameters()
    }
    other = other_hidden_size(model.config, found, wanted)
    complaints = differences(found, wanted)
    if other is not None:
        mine = model.config.get_text_config().hidden_size
        complaints.insert(0, f"it was made for a hidden size of {other}, the base has {mine}")
    if complaints:
        raise EmtError(
            f"projector={named} does not fit {base!r}: {'; '.join(complaints)}. Pass the base it was trained on with "
            "pretrained=."
        )
    return Projector(file, module, key_of)


def projector_of(model: Any) -> str | None:
    """The name of the module between vision encoder and language model, or None if there is none that is known."""
    names = [name for name, _ in model.named_modules()]
    return next((name for leaf in MODULES for name in names if name.rpartition(".")[2] == leaf), None)


def _file(named: str) -> Path:
    path = Path(named).expanduser()
    if path.is_file():
        return path
    if not path.is_dir():
        raise EmtError(f"projector={named}: there is no such file or folder (looked at {path.absolute()}).")
    inside = sorted(file for file in path.iterdir() if file.suffix in (".safetensors", ".bin"))
    known = [file for name in FILES for file in inside if file.name == name]
    if not known and len(inside) != 1:
        names = ", ".join(file.name for file in inside) or "none"
        raise EmtError(f"projector={named}: which of its files is meant? Weights there: {names}. Name the file.")
    return (known or inside)[0]


def _bare(key: str) -> str:
    """The key without what PEFT's or a trainer's wrapping put before it."""
    return key.removeprefix("base_model.model.").replace(".modules_to_save.default.", ".")
