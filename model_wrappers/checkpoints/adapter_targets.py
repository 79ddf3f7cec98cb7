"""Which modules of a base an adapter's file is for, whatever layout it was written under."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from peft import PeftConfig
from peft.mapping import PEFT_TYPE_TO_PREFIX_MAPPING
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key

from model_wrappers.checkpoints.layouts import Layout

NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")


@dataclass(frozen=True, slots=True)
class Targets:
    """The modules that an adapter is for.

    Attributes:
        saved_as: module name here -> module name in the file.
        key_of: name here, without adapter name -> key in the file, for every key of the file.
    """

    saved_as: dict[str, str]
    key_of: dict[str, str]


def targets_of(keys: Iterable[str], config: PeftConfig, layout: Layout) -> Targets:
    """The targets of an adapter whose file has `keys`."""
    prefix = PEFT_TYPE_TO_PREFIX_MAPPING[config.peft_type]
    parts = re.compile(rf"(?P<module>.+?)\.(?P<part>{re.escape(prefix)}.*)")
    saved_as, key_of = {}, {}
    for key in keys:
        name = key.removeprefix("base_model.model.")
        found = parts.fullmatch(name)
        if found is None:
            key_of[layout.weight(name)] = key
            continue
        module = layout.module(found["module"])
        saved_as[module] = found["module"]
        key_of[f"{module}.{found['part']}"] = key
    return Targets(saved_as, key_of)


def missing_layers(targets: Targets, config: PeftConfig, modules: Iterable[str]) -> list[str]:
    """The `modules` that the config names, whose like in other layers the file has, and which it does not have."""
    like = {NUMBER.sub("*", here): NUMBER.sub("*", saved) for here, saved in targets.saved_as.items()}
    missing = []
    for module in modules:
        saved = like.get(NUMBER.sub("*", module))
        if saved is None or module in targets.saved_as:
            continue
        names = (module, saved.replace("*", "{}").format(*NUMBER.findall(module)))
        if any(check_target_module_exists(config, name) for name in names):
            missing.append(module)
    return missing


def aimed(config: PeftConfig, targets: Targets, layout: Layout) -> PeftConfig:
    """A copy of `config` that names modules as they are called here.

    LoRA's gets the modules of `targets` one by one, each with the rank and alpha it had where it was trained; other
    kinds keep their own way of naming them.
    """
    here = deepcopy(config)
    here.inference_mode = True
    if getattr(config, "modules_to_save", None):
        here.modules_to_save = [layout.module(name) for name in config.modules_to_save]
    if not hasattr(config, "rank_pattern"):
        return here
    for pattern in ("rank_pattern", "alpha_pattern"):
        said = getattr(config, pattern) or {}
        each = {f"^{re.escape(name)}": _said_of((saved, name), said) for name, saved in targets.saved_as.items()}
        setattr(here, pattern, {name: value for name, value in each.items() if value is not None})
    here.target_modules = set(targets.saved_as)
    here.exclude_modules = here.layers_to_transform = here.layers_pattern = None
    return here


def _said_of(names: Iterable[str], said: Mapping[str, Any]) -> Any:
    """The first value in `said`, whose keys are patterns, for one of `names`; None if there is none."""
    keys = (get_pattern_key(list(said), name) for name in names)
    return next((said[key] for key in keys if key in said), None)
