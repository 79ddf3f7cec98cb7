"""What `--model_args` may say of an open_clip encoder, and which checkpoint it means; nothing is loaded yet."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import open_clip
from open_clip.pretrained import get_pretrained_cfg

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.arguments import given_arguments
from model_wrappers.zero_shot.prompt_templates import DEFAULT

ON_HUB, IN_FOLDER = "hf-hub:", "local-dir:"
"""open_clip's own marks of where a model is."""
CONFIG = "open_clip_config.json"
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")


@dataclass(frozen=True, slots=True)
class ClipArguments:
    """What a user said about an encoder.

    Attributes:
        model: An architecture of open_clip; or `hf-hub:<id>` or `local-dir:<folder>`, which bring their weights.
        pretrained: A tag of open_clip for it; a file of weights; a folder; or `hf-hub:<id>`.
        template: See `clip_templates.read_templates`.
        dtype: A value of `arguments.DTYPES`; `auto` is float32.
        device: `cpu`, `cuda`, `cuda:1`, ... None takes a GPU where there is one.
        batch_size: Images in one batch; None (`auto`) finds the largest that fits.
        max_batch_size: Where `auto` starts.
    """

    model: str = "ViT-L-14"
    pretrained: str = "openai"
    template: str = DEFAULT
    dtype: str = "auto"
    device: str | None = None
    batch_size: int | None = 1
    max_batch_size: int | None = None


def read_clip_arguments(given: Mapping[str, Any], model: str) -> ClipArguments:
    """The arguments of the wrapper `model`.

    Raises:
        UnknownName: for an argument or a dtype that does not exist, with the nearest name.
        EmtError: a value can't be read.
    """
    return ClipArguments(**given_arguments(given, model, [field.name for field in fields(ClipArguments)]))


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint as open_clip is asked for it.

    Attributes:
        model: `model_name` of `open_clip.create_model`.
        pretrained: its `pretrained`, a tag or a file; None where `model` brings its weights.
        quick_gelu: whether the weights were trained with QuickGELU, which an architecture's name alone does not say.
    """

    model: str
    pretrained: str | None
    quick_gelu: bool = False

    @property
    def name(self) -> str:
        """Architecture and tag, as `encoders.encoder_of` says them too; a folder's own name."""
        if self.model.startswith(IN_FOLDER):
            return Path(self.model.removeprefix(IN_FOLDER)).name
        return " ".join([self.model, *([Path(self.pretrained).name] if self.pretrained else [])])


def source_of(model: str, pretrained: str) -> Source:
    """The checkpoint that `model` and `pretrained` mean.

    Raises:
        UnknownName: no such architecture, or no such tag of it, with the nearest name.
        EmtError: no such file or folder, or a folder without a model.
    """
    for said in (model, pretrained):
        if said.startswith(ON_HUB):
            return Source(said, None)
        if said.startswith(IN_FOLDER):
            return _in_folder(Path(said.removeprefix(IN_FOLDER)).expanduser(), model)
    path = Path(pretrained).expanduser()
    if path.is_dir():
        return _in_folder(path, model)
    if path.is_file():
        return Source(_architecture(model), str(path))
    if path.suffix in WEIGHTS or "/" in pretrained or pretrained.startswith(("~", ".")):  # which no tag is
        raise EmtError(f"pretrained={pretrained}: there is no such file or folder ({path.absolute()}). Check the path.")
    architecture = _architecture(model)
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    config = get_pretrained_cfg(architecture, pretrained)
    if not config:
        raise UnknownName(f"pretrained tag (or file) of {architecture}", pretrained, tags)
    return Source(architecture, pretrained, bool(config.get("quick_gelu")))


def _architecture(name: str) -> str:
    known = open_clip.list_models()
    cleaned = name.replace("/", "-")  # as the papers write them: ViT-L/14
    if cleaned not in known:
        raise UnknownName("architecture of open_clip", name, known)
    return cleaned


def _in_folder(folder: Path, model: str) -> Source:
    """The model in `folder`: as open_clip saves one, with its config, or a single file of weights for `model`."""
    if not folder.is_dir():
        raise EmtError(f"there is no folder {str(folder)!r}. Check the path.")
    found = weights_in(folder)
    if found and (folder / CONFIG).is_file():
        return Source(f"{IN_FOLDER}{folder}", None)
    if len(found) == 1:
        return Source(_architecture(model), str(found[0]))
    have = ", ".join(path.name for path in found) or f"no file that ends in {', '.join(WEIGHTS)}"
    raise EmtError(f"pretrained={folder}: a folder needs {CONFIG} and weights, or one file of weights. It has {have}.")


def weights_in(folder: Path) -> list[Path]:
    """The files of weights in `folder`, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix in WEIGHTS)
