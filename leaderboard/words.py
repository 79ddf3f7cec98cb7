"""Numbers and tunings as pages write them: percent and points with one decimal, each with its interval."""

from collections.abc import Sequence

MINUS = "\u2212"


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.1234)
    '12.3'
    """
    return f"{100 * share:.1f}"


def between(interval: Sequence[float]) -> str:
    """An interval of a share, in percent.

    >>> between((0.1, 0.25))
    '[10.0, 25.0]'
    """
    low, high = interval
    return f"[{percent(low)}, {percent(high)}]"


def signed(number: float) -> str:
    """A number of points with its sign, a true minus, and one decimal; nothing has no sign.

    >>> signed(12.34), signed(0.01), signed(-1.0) == f"{MINUS}1.0"
    ('+12.3', '0.0', True)
    """
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", MINUS)


def points(difference: float) -> str:
    """A difference of shares in points, with its sign.

    >>> points(0.1234)
    '+12.3'
    """
    return signed(100 * difference)


def points_between(interval: Sequence[float]) -> str:
    """An interval of a difference, in points."""
    return f"[{points(interval[0])}, {points(interval[1])}]"


def p_value(p: float) -> str:
    """A p as precise as it deserves.

    >>> p_value(0.03125), p_value(1e-9)
    ('0.031', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def tuning_phrase(kind: str, sets: Sequence[str], epoch: float | None, seed: int | None = None) -> str:
    """How a model was tuned; nothing where it was not.

    >>> tuning_phrase("lora", ("cifar10", "mnist"), 3.0), tuning_phrase("none", (), None)
    ('lora, cifar10 + mnist, epoch 3', '')
    >>> tuning_phrase("lora", ("mnist",), 3.0, seed=2)
    'lora, mnist, epoch 3, seed 2'
    """
    if kind == "none":
        return ""
    after = "" if epoch is None else f"epoch {epoch:g}"
    return ", ".join(part for part in (kind, " + ".join(sets), after, seed_phrase(seed)) if part)


def seed_phrase(seed: int | None) -> str:
    """The seed of a tuning; nothing of 0, which is nearly everybody's, or where it is not told."""
    return f"seed {seed}" if seed else ""
