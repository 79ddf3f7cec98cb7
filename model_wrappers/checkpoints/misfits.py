"""What is said of an adapter or projector that was made for another base: both shapes, and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapter_files import Adapter
from model_wrappers.checkpoints.tensor_files import Shapes

SHOWN = 4  # names listed before "and n more"


def require_fit(
    adapter: Adapter, base: str, base_config: Any, found: Shapes, wanted: Shapes, absent: Sequence[str]
) -> None:
    """Compare an adapter's tensors with those that its config makes on a base.

    Args:
        adapter: the adapter.
        base: what its user calls the base.
        base_config: the base's transformers config.
        found: shapes in the adapter's file, by the names they have on the base.
        wanted: shapes that the base needs.
        absent: modules that the adapter's config names and its file lacks.

    Raises:
        EmtError: they differ in a name or a shape.
    """
    other = other_hidden_size(base_config, found, wanted)
    if other is not None:
        mine = base_config.get_text_config().hidden_size
        trained_on = f"trained on {adapter.trained_on!r}" if adapter.trained_on else repr(adapter.name)
        raise EmtError(
            f"adapter {trained_on} (hidden size {other}) can't load on {base!r} ({mine}). Pass the base it "
            "was trained on with pretrained=."
        )
    origin = f"adapter {adapter.name!r}" + (f" (trained on {adapter.trained_on!r})" if adapter.trained_on else "")
    complaints = differences(found, wanted)
    if absent:
        complaints.append(f"layers that its config names and its file lacks: {listed(absent)}")
    if complaints:
        raise EmtError(
            f"{origin} does not fit {base!r}, a {base_config.model_type}: {'; '.join(complaints)}. Pass the base it "
            "was trained on with pretrained=, and check that the adapter's folder is complete."
        )


def differences(found: Shapes, wanted: Shapes) -> list[str]:
    """Sentences on every key that one side lacks and every shape that differs; none where both are the same."""
    said = []
    if left_over := [name for name in found if name not in wanted]:
        said.append(f"no place for {listed(left_over)}")
    if missing := [name for name in wanted if name not in found]:
        said.append(f"missing {listed(missing)}")
    other = [name for name in found if name in wanted and found[name] != wanted[name]]
    if other:
        shapes = [f"{name} {_by(found[name])} where {_by(wanted[name])} is needed" for name in other]
        said.append(f"other shapes: {listed(shapes)}")
    return said


def other_hidden_size(base_config: Any, found: Shapes, wanted: Shapes) -> int | None:
    """The hidden size of the language model that tensors were made for, if it is not the base's."""
    mine = base_config.get_text_config().hidden_size
    for name, shape in found.items():
        needed: Sequence[int] = wanted.get(name, ())
        if len(needed) == len(shape):
            for had, needs in zip(shape, needed, strict=True):
                if had != needs == mine:
                    return had
    return None


def listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    """Some of `names`, and how many more there are."""
    shown = ", ".join(list(names)[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a number"
