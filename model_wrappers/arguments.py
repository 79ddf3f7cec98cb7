"""What `--model_args` may say, read into one frozen record before anything is loaded."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from emt_tasks.errors import EmtError, UnknownName

DTYPES = {
    "auto": "auto",
    "bfloat16": "bfloat16",
    "bf16": "bfloat16",
    "float16": "float16",
    "fp16": "float16",
    "half": "float16",
    "float32": "float32",
    "fp32": "float32",
}
"""The spellings of a dtype and the name torch has for it."""
DEVICE_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")
"""transformers' ways to lay a model out by itself."""
DEVICE = re.compile(r"(?:cpu|disk|meta|cuda|mps|xpu|npu|hpu|mlu|musa)(?::\d+)?|\d+")
"""One device for all of it, as torch names them or by a GPU's number."""
QUANT_TYPES = ("fp4", "nf4")
"""bitsandbytes' kinds of 4-bit numbers."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a user said about a model.

    Attributes:
        pretrained: The base: a folder or a hub id.
        peft: A PEFT adapter: a folder or a hub id.
        projector: Weights of the projector alone: a file or a folder.
        dtype: A value of `DTYPES`. `auto` is the checkpoint's own, but float32 on a CPU.
        device_map: Handed to transformers: `auto` spreads one model over all GPUs, then memory, then disk; or a JSON
            object of modules and devices.
        max_memory: With `device_map=auto`, how much of each device to fill: `{"0": "20GiB", "cpu": "60GiB"}`.
        offload_folder: Where weights go that no device has room for; named, it allows the disk to be used.
        load_in_8bit: Linear layers in 8 bits, by bitsandbytes.
        load_in_4bit: The same in 4 bits; the three below are of it, as bitsandbytes names them.
        bnb_4bit_compute_dtype: A value of `DTYPES`; None is `dtype`.
        bnb_4bit_quant_type: `fp4` or `nf4`; None is bitsandbytes' own choice.
        bnb_4bit_use_double_quant: Whether the scales are quantised as well.
        attn_implementation: Handed to transformers (`sdpa`, `eager`, `flash_attention_2`).
        revision: Of the base on the hub: branch, tag or commit.
        trust_remote_code: Whether code that comes with a checkpoint may run. Off unless asked for.
        device: `cpu`, `cuda`, `cuda:1`, ... None takes a GPU where there is one.
        batch_size: Images in one batch; None (`auto`) finds the largest that fits.
        max_batch_size: Where `auto` starts.
    """

    pretrained: str
    peft: str | None = None
    projector: str | None = None
    dtype: str = "auto"
    device_map: str | Mapping[str, Any] | None = None
    max_memory: Mapping[str, Any] | None = None
    offload_folder: str | None = None
    load_in_8bit: bool = False
    load_in_4bit: bool = False
    bnb_4bit_compute_dtype: str | None = None
    bnb_4bit_quant_type: str | None = None
    bnb_4bit_use_double_quant: bool = False
    attn_implementation: str | None = None
    revision: str | None = None
    trust_remote_code: bool = False
    device: str | None = None
    batch_size: int | None = 1
    max_batch_size: int | None = None


class TakesArguments(Protocol):
    """A model that can be asked for before it exists."""

    name: str
    default_pretrained: str | None


def check_arguments(model: TakesArguments, given: Mapping[str, Any]) -> Arguments:
    """The arguments of the model class `model`, as its constructor will read them.

    Raises:
        UnknownName: for an argument or a dtype that does not exist, with the nearest name.
        EmtError: if `pretrained` is missing or a value can't be read.
    """
    return read_arguments(given, model.name, model.default_pretrained)


def read_arguments(given: Mapping[str, Any], model: str, default_pretrained: str | None = None) -> Arguments:
    """The arguments of `model` from what the harness parsed: its parser turns `7` into a number and `true` into a bool.

    Raises:
        UnknownName: for an argument or a dtype that does not exist, with the nearest name.
        EmtError: if `pretrained` is missing or a value can't be read.
    """
    said = given_arguments(given, model, [field.name for field in fields(Arguments)])
    pretrained = said.pop("pretrained", default_pretrained)
    if pretrained is None:
        raise EmtError(f"{model} has no default checkpoint. Name one: --model_args pretrained=<folder or hub id>.")
    return Arguments(pretrained=pretrained, **said)


def given_arguments(given: Mapping[str, Any], model: str, known: Sequence[str]) -> dict[str, Any]:
    """What of `known` was said, each value read as its argument's kind; a wrapper with other arguments starts here too.

    Raises:
        UnknownName: for an argument or a dtype that does not exist, with the nearest name.
        EmtError: if a value can't be read.
    """
    for name in given:
        if name not in known:
            raise UnknownName(f"argument of {model}", name, known)
    return {name: _read(name, value) for name, value in given.items() if value is not None and value != ""}


def _read(name: str, value: Any) -> Any:
    """The value of one argument: numbers, flags and objects are read as such, all else is a name."""
    reader: Callable[[str, Any], Any] = READERS.get(name, _text)
    return reader(name, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, (bool, float)):
        raise EmtError(
            f"{name}={value!r} was read as a {type(value).__name__}, not as a name. Put it in a folder's path."
        )
    return unquoted(str(value))


def unquoted(value: str) -> str:
    """`value` without the quotes around it, which say that a comma in it parts no arguments; the harness leaves them.

    >>> unquoted('"/data/a,b"')
    '/data/a,b'
    """
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _object(name: str, value: Any) -> dict[str, Any]:
    said = value if isinstance(value, Mapping) else _json(name, unquoted(str(value)))
    if not isinstance(said, Mapping):
        raise EmtError(f'{name}={value!r} is no JSON object. Write {name}={{"0": "20GiB", "cpu": "60GiB"}}.')
    return dict(said)


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise EmtError(
            f"{name}={text} is no JSON ({error}). Put the argument in single quotes for the shell."
        ) from error


def _device_map(name: str, value: Any) -> str | dict[str, Any]:
    if isinstance(value, Mapping) or unquoted(str(value)).startswith("{"):
        return _object(name, value)
    said = _text(name, value)
    if said not in DEVICE_MAPS and not DEVICE.fullmatch(said):
        raise UnknownName(name, said, DEVICE_MAPS)
    return said


def _quant_type(name: str, value: Any) -> str:
    if value not in QUANT_TYPES:
        raise UnknownName(name, str(value), QUANT_TYPES)
    return str(value)


def _dtype(name: str, value: Any) -> str:
    spelling = str(value).removeprefix("torch.")
    if spelling not in DTYPES:
        raise UnknownName(name, spelling, DTYPES)
    return DTYPES[spelling]


def _flag(name: str, value: Any) -> bool:
    spelling = str(value).lower()
    if spelling not in ("true", "false"):
        raise EmtError(f"{name}={value!r} is neither true nor false.")
    return spelling == "true"


def _batch_size(name: str, value: Any) -> int | None:
    return None if str(value).startswith("auto") else _count(name, value)


def _count(name: str, value: Any) -> int:
    spelling = str(value)
    if not spelling.isdecimal() or int(spelling) < 1:
        raise EmtError(f"{name}={value!r} is not a whole number above 0.")
    return int(spelling)


READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "batch_size": _batch_size,
    "max_batch_size": _count,
    "trust_remote_code": _flag,
    "dtype": _dtype,
    "device_map": _device_map,
    "max_memory": _object,
    "load_in_8bit": _flag,
    "load_in_4bit": _flag,
    "bnb_4bit_compute_dtype": _dtype,
    "bnb_4bit_quant_type": _quant_type,
    "bnb_4bit_use_double_quant": _flag,
}
