"""A base checkpoint: its config, its model and its processor, or a clear word on why not."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from emt_tasks.errors import EmtError
from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.adapter_files import CONFIG as ADAPTER_CONFIG
from model_wrappers.checkpoints.hub_files import find_file, local_folder, optional_file
from model_wrappers.checkpoints.llava_layout import is_repository_config, read_json
from model_wrappers.checkpoints.llava_repository import (
    is_repository_checkpoint,
    load_repository_model,
    load_repository_processor,
    repository_llava_config,
)
from model_wrappers.checkpoints.misfits import listed
from model_wrappers.checkpoints.placement import spread
from model_wrappers.checkpoints.quantisation import quantisation
from model_wrappers.checkpoints.tensor_files import require_contents
from model_wrappers.checkpoints.weight_index import INDEXES, SINGLES, files_of

FAILURES = (OSError, ImportError, ValueError, SafetensorError)
"""What transformers raises of a checkpoint or an option that it can't use."""


def load_config(pretrained: str, revision: str | None, trust_remote_code: bool) -> Any:
    """The transformers config of a base.

    Raises:
        EmtError: there is no such folder or repository, or it is no model of transformers.
    """
    file = require_config(pretrained, revision)
    if is_repository_config(read_json(file)):
        return repository_llava_config(pretrained, revision)
    try:
        return AutoConfig.from_pretrained(
            pretrained_path(pretrained), revision=revision, trust_remote_code=trust_remote_code
        )
    except FAILURES as error:
        raise EmtError(f"pretrained={pretrained}: its config can't be used. {_hint(error)}") from error


def require_config(pretrained: str, revision: str | None = None, what: str = "pretrained") -> Path:
    """The config.json of a base, fetched if it has to be.

    Args:
        pretrained: folder or hub id.
        revision: on the hub.
        what: the argument that names it, for the message.

    Raises:
        EmtError: there is no such folder or repository, or it has none.
    """
    file = find_file(pretrained, ["config.json"], what, revision)
    if file is None or (what == "pretrained" and is_repository_config(read_json(file))):
        _require_no_adapter(pretrained, what, revision)
    if file is None:
        raise EmtError(
            f"{what}={pretrained} has no config.json: it is no model of transformers. For an adapter use peft= beside "
            "pretrained=."
        )
    return file


def _require_no_adapter(pretrained: str, what: str, revision: str | None) -> None:
    """Raise where an adapter is named in its base's place."""
    config = optional_file(pretrained, [ADAPTER_CONFIG], what, revision)
    if config is None or optional_file(pretrained, [*INDEXES, *SINGLES], what, revision) is not None:
        return
    base = read_json(config).get("base_model_name_or_path")
    named = f" ({base}, says its {ADAPTER_CONFIG})" if isinstance(base, str) and base else ""
    raise EmtError(
        f"{what}={pretrained} is an adapter, no model. Write peft={pretrained}, and {what}= the base that it was "
        f"trained on{named}."
    )


def load_model(arguments: Arguments, config: Any, device: torch.device) -> Any:
    """The model of `config` with its weights, on `device` (or as `device_map` spreads it), ready to answer.

    Raises:
        EmtError: weights are missing, damaged or in part those of another architecture, or an option can't be used.
    """
    _require_shards(arguments.pretrained)
    options = load_options(arguments, config, device)
    try:
        if is_repository_checkpoint(arguments.pretrained, arguments.revision):
            model = load_repository_model(arguments.pretrained, config, arguments.revision, **options)
            return model.eval().requires_grad_(requires_grad=False)
    except FAILURES as error:
        raise EmtError(f"pretrained={arguments.pretrained} can't be loaded. {_hint(error)}") from error
    return whole_model(
        AutoModelForImageTextToText,
        arguments.pretrained,
        config=config,
        revision=arguments.revision,
        trust_remote_code=arguments.trust_remote_code,
        **options,
    )


def whole_model(kind: Any, name: str, what: str = "pretrained", **options: Any) -> Any:
    """The model `name` of one of transformers' classes, in eval mode, with every weight that its config names.

    Args:
        kind: the class.
        name: a folder or hub id.
        what: the argument that named it, for messages.
        **options: of `from_pretrained`.

    Raises:
        EmtError: weights are missing, damaged, pickles of more than tensors, or those of another architecture.
    """
    folder = local_folder(name, what)
    if folder is not None:
        require_contents(folder)
    try:
        model, notes = kind.from_pretrained(pretrained_path(name), output_loading_info=True, **options)
    except UnpicklingError as error:
        raise EmtError(
            f"{what}={name} holds pickled objects other than tensors; unpickling them can run any "
            "code, so it was not done. Ask for the weights as safetensors."
        ) from error
    except FAILURES as error:
        raise EmtError(f"{what}={name} can't be loaded. {_hint(error)}") from error
    if missing := sorted(map(str, notes["missing_keys"])) + sorted(str(key[0]) for key in notes["mismatched_keys"]):
        raise EmtError(
            f"{what}={name} lacks weights that its config names, or has them in other shapes: "
            f"{listed(missing)}. Copy the checkpoint again, or load it with the transformers version that wrote it."
        )
    return model.eval().requires_grad_(requires_grad=False)


def bare_model(pretrained: str, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """The model of a base's config with shapes and no weights, for questions about names and shapes.

    Raises:
        EmtError: there is no such base, or transformers has no image-text-to-text model for its config.
    """
    config = load_config(pretrained, revision, trust_remote_code)
    try:
        with torch.device("meta"):
            return AutoModelForImageTextToText.from_config(config, trust_remote_code=trust_remote_code).eval()
    except FAILURES as error:
        raise EmtError(f"pretrained={pretrained}: no model can be built from its config. {_hint(error)}") from error


def load_processor(arguments: Arguments) -> Any:
    """What turns prompts and images into a model's inputs; pads on the left, as generation in batches needs.

    Raises:
        EmtError: the checkpoint has none.
    """
    try:
        if is_repository_checkpoint(arguments.pretrained, arguments.revision):
            processor = load_repository_processor(arguments.pretrained, arguments.revision)
        else:
            processor = AutoProcessor.from_pretrained(
                pretrained_path(arguments.pretrained),
                revision=arguments.revision,
                trust_remote_code=arguments.trust_remote_code,
            )
    except FAILURES as error:
        raise EmtError(f"pretrained={arguments.pretrained} has no usable processor. {_hint(error)}") from error
    if not hasattr(processor, "image_processor") or not hasattr(processor, "tokenizer"):
        raise EmtError(
            f"pretrained={arguments.pretrained} has a {type(processor).__name__} where a processor of images and text "
            "is needed. Copy the checkpoint's preprocessor_config.json, processor_config.json and tokenizer files too."
        )
    tokenizer = processor.tokenizer
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return processor


def pretrained_path(pretrained: str) -> str:
    """What transformers is given: a folder with `~` spelt out, or the hub id."""
    return str(local_folder(pretrained, "pretrained") or pretrained)


def _dtype(name: str, device: torch.device) -> Any:
    """The dtype to load in. `auto` is float32 on a CPU: half precision is slower there, and rounds by batch size."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else "auto"
    return getattr(torch, name)


def load_options(arguments: Arguments, config: Any, device: torch.device) -> dict[str, Any]:
    """What `from_pretrained` is told beside the checkpoint.

    Raises:
        EmtError: what was said of few bits or of several devices contradicts itself.
    """
    dtype = _dtype(arguments.dtype, device)
    options = {
        "attn_implementation": arguments.attn_implementation,
        "quantization_config": quantisation(arguments, config, dtype),
        **spread(arguments, device),
    }
    return {"dtype": dtype} | {name: it for name, it in options.items() if it is not None}


def _require_shards(pretrained: str) -> None:
    """Raise where a folder's index names files that are not there: a copy that was interrupted."""
    folder = local_folder(pretrained, "pretrained")
    named = files_of(folder) if folder else None
    if folder and named and (missing := [name for name in named if not (folder / name).is_file()]):
        raise EmtError(f"{folder} lacks {listed(missing)} of {len(named)} weight files. Copy them too.")


def _hint(error: Exception) -> str:
    first = str(error).strip().split("\n\n")[0].replace("\n", " ")
    if "trust_remote_code" in str(error):
        return (
            f"It needs code of its own, which runs only with trust_remote_code=true: trust its author first. ({first})"
        )
    if constants.HF_HUB_OFFLINE:
        return f"{first} (HF_HUB_OFFLINE is set: nothing is downloaded.)"
    return first
