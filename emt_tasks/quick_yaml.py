"""PyYAML's safe reader, which makes plain values alone: in C where it is there, many times as fast."""

from typing import Any

import yaml

SafeLoader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def read_quickly(text: str) -> Any:
    """What a text of our own says; errors are PyYAML's.

    >>> read_quickly("sets: [mnist, cifar10]")
    {'sets': ['mnist', 'cifar10']}
    """
    return yaml.load(text, SafeLoader)  # noqa: S506  # a SafeLoader
