"""Whether an open_clip checkpoint can be had, found out before anything is fetched."""

from pathlib import PurePosixPath

from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME
from open_clip.pretrained import get_pretrained_cfg

from model_wrappers.checkpoints.hub_files import require_on_hub
from model_wrappers.zero_shot.arguments import IN_FOLDER, ON_HUB, Source


def locate_encoder(source: Source, what: str) -> str:
    """The name of `source`, which is a file or folder here, or on the hub, or in its cache.

    Args:
        source: what the arguments mean; files and folders were looked for when they were read.
        what: the argument, for the message.

    Raises:
        EmtError: the hub does not have it, or can't be reached.
    """
    if source.model.startswith(ON_HUB):
        _require(source.model.removeprefix(ON_HUB), "", what)
    elif source.pretrained and (config := get_pretrained_cfg(source.model, source.pretrained)):
        place = PurePosixPath(config["hf_hub"])  # owner/name/file; the file is left out where it is the usual one
        _require("/".join(place.parts[:2]), "/".join(place.parts[2:]), what)
    return source.model if source.model.startswith(IN_FOLDER) else source.name


def _require(hub_id: str, file: str, what: str) -> None:
    names = [file, f"{PurePosixPath(file).with_suffix('.safetensors')}"] if file else []
    require_on_hub(hub_id, names or [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME], what)
