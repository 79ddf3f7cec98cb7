"""English plurals of single words, as far as the labels need them; tests compare them with an independent library."""

_IRREGULAR = {
    "bars": ("bars",),
    "bus": ("buses", "busses"),
    "cattle": ("cattle",),
    "deer": ("deer",),
    "goose": ("geese",),
    "mouse": ("mice",),
    "roof": ("roofs", "rooves"),
    "triceratops": ("triceratops", "triceratopses"),
    "trout": ("trout", "trouts"),
    "wolf": ("wolves",),
    "zero": ("zeros", "zeroes"),
}
_HISSING = ("s", "x", "z", "ch", "sh")


def plurals(word: str) -> tuple[str, ...]:
    """The plurals of a lower-case noun, the usual one first.

    >>> plurals("mouse"), plurals("woman"), plurals("butterfly"), plurals("jellyfish")
    (('mice',), ('women',), ('butterflies',), ('jellyfish', 'jellyfishes'))
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("man"):
        return (word.removesuffix("man") + "men",)
    if word.endswith("fish"):
        return (word, word + "es")
    if word.endswith(_HISSING):
        return (word + "es",)
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return (word.removesuffix("y") + "ies",)
    return (word + "s",)


def written_plurals(word: str) -> tuple[str, ...]:
    """The plurals that may be met in an answer: besides the true ones the naive "-s" ("mouses", "womans")."""
    return tuple(dict.fromkeys((*plurals(word), word + "s")))
