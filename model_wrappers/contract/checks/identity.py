"""Whether a wrapper says what it is: which encoder it looks through, and which weights it has."""

import shutil
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.subject import Subject

PICKLES = (".bin", ".pt", ".pth")
SAFE = ".safetensors"


def names_its_encoder(subject: Subject) -> str:
    """It says which vision encoder it looks through, for the manifest and for the gap to that encoder."""
    named = getattr(subject.lm, "encoder", None)
    details = getattr(subject.lm, "details", {})
    if not isinstance(named, str) or not named.strip() or "\n" in named:
        raise Broken(
            f"`encoder` is {named!r}.", "Give the wrapper a property `encoder`: open_clip's name, as 'ViT-L-14 openai'."
        )
    if details.get("encoder") != named or not all(isinstance(value, str) for value in details.values()):
        raise Broken(
            f"`details` is {details!r}.",
            "`details` is a dict of texts for the manifest, with `encoder` among them.",
        )
    return named


def fingerprint_is_the_weights(subject: Subject) -> str:
    """`weights_fingerprint` is the content's: equal for a copy elsewhere, another once a single number differs."""
    before = _fingerprint(subject.lm)
    named = {name: Path(str(value)).expanduser() for name, value in subject.model_args.items()}
    named = {name: path for name, path in named.items() if _weights(path)}
    if not named:
        raise DoesNotApply("no argument names a folder or file with weights to copy and change; name one")
    subject.forget()
    for argument, path in named.items():
        with tempfile.TemporaryDirectory() as place:
            copied = shutil.copytree if path.is_dir() else shutil.copy
            copy = Path(copied(path, Path(place) / path.name))
            if _fingerprint(subject.load(**{argument: str(copy)})) != before:
                raise Broken(f"A copy of {argument}= has another fingerprint.", "Hash the files' content, not paths.")
            _change_a_number(_weights(copy)[0])
            if _fingerprint(subject.load(**{argument: str(copy)})) == before:
                raise Broken(
                    f"One number in {argument}= was changed, and the fingerprint stayed.",
                    "Hash all that answers depend on (model_wrappers.checkpoints.fingerprint): else a journal serves a "
                    "checkpoint's old answers after it was trained on.",
                )
    return f"{', '.join(f'{name}=' for name in named)}: equal for a copy, another after one number"


def _fingerprint(lm: object) -> str:
    own = getattr(lm, "weights_fingerprint", None)
    if own is None:
        raise Broken("There is no `weights_fingerprint`.", "Add that method; it returns a hash of the weights.")
    return str(own())


def _weights(path: Path) -> list[Path]:
    """The files of weights at `path`, a folder or a file."""
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    return [file for file in files if file.suffix in (SAFE, *PICKLES) and "training_args" not in file.name]


def _change_a_number(file: Path) -> None:
    """Turn the sign of one number in a file of weights."""
    if file.suffix == SAFE:  # little-endian numbers up to its end: the last byte has the last one's sign
        content = bytearray(file.read_bytes())
        content[-1] ^= 0x80
        file.write_bytes(content)
        return
    tensors = torch.load(file, weights_only=True, map_location="cpu")
    first = next(value for value in tensors.values() if isinstance(value, Tensor) and value.is_floating_point())
    first.view(-1)[0] *= -1
    torch.save(tensors, file)
