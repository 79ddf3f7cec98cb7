"""Weights of a projector alone, as *linear* fine-tuning leaves them: between vision encoder and language model."""

from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.llava_layout import repository_config, require_same_base
from model_wrappers.checkpoints.replacements import VOCABULARY, Replacements, find_replacements

MODULES = ("multi_modal_projector", "connector", "merger", "aligner", "language_projection")
"""What transformers' models call it; the first that a model has is meant."""
FILES = ("projector.safetensors", "mm_projector.safetensors", "projector.bin", "mm_projector.bin")
"""What its file is called in a folder that holds more than one."""


def read_projector(named: str, model: Any, layout: Layout, base: str) -> Replacements:
    """The projector in the file or folder `named`, which replaces that of `model`.

    A file of the LLaVA repository may hold the input embeddings too, which it trains along where it puts start and end
    tokens around pictures; the config.json beside it, if there is one, must be of the same kind of LLaVA.

    Raises:
        EmtError: there is no such file, the model has no projector, or one's weights are not the other's.
    """
    file = _file(named)
    what = f"projector={named}"
    module = projector_of(model)
    if module is None:
        raise EmtError(f"{what}: {base!r} has no module called {', '.join(MODULES)} to put it in.")
    vocabulary = [name for name, _ in model.named_parameters() if name.endswith(VOCABULARY)]
    found = find_replacements(file, what, model, layout, base, weights_of(model, module), vocabulary)
    said = repository_config(file.parent)
    if said is not None:
        require_same_base(said, model.config, what, base)
    return found


def weights_of(model: Any, module: str) -> list[str]:
    """The names of the weights of a module of `model`."""
    return [f"{module}.{name}" for name, _ in model.get_submodule(module).named_parameters()]


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
