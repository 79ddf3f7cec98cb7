"""A folder that fine-tuning wrote, as a model's arguments have it."""

from pathlib import Path

PROJECTOR_FILES = ("projector.safetensors", "mm_projector.safetensors", "projector.bin", "mm_projector.bin")


def tuned_arguments(folder: Path) -> dict[str, str]:
    """How a model is told of `folder`: `projector=` where a projector is all that it holds, else `peft=`."""
    adapter = (folder / "adapter_config.json").is_file()
    alone = not adapter and any((folder / name).is_file() for name in PROJECTOR_FILES)
    return {"projector" if alone else "peft": str(folder)}
