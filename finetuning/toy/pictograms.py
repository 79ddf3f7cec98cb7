"""The shapes of CIFAR-10's ten classes: what `drawings` paints, as data.

Coordinates are percent of the figure's square, x to the right and y down. Shapes are painted in order, each in one of
four inks: the figure's own colour, a second one, and the nearly black and nearly white of eyes, wheels and windows.
"""

from enum import Enum
from typing import Literal, NamedTuple

Form = Literal["polygon", "ellipse", "rectangle", "line"]


class Ink(Enum):
    """What a shape is painted with; a drawing decides the colours."""

    BODY = "body"
    ACCENT = "accent"
    DARK = "dark"
    LIGHT = "light"


class Shape(NamedTuple):
    """One painted form; `ellipse` and `rectangle` have two points, opposite corners of their box."""

    form: Form
    ink: Ink
    points: tuple[tuple[float, float], ...]


def _shapes(text: str) -> tuple[Shape, ...]:
    """The shapes of a listing, one a line: form, ink, then `x,y` points."""
    forms: dict[str, Form] = {"polygon": "polygon", "ellipse": "ellipse", "rectangle": "rectangle", "line": "line"}
    shapes = []
    for line in filter(None, map(str.strip, text.splitlines())):
        form, ink, *pairs = line.split()
        points = tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in pairs))
        shapes.append(Shape(forms[form], Ink(ink), points))
    return tuple(shapes)


PICTOGRAMS: dict[str, tuple[Shape, ...]] = {
    "airplane": _shapes("""
        polygon   accent  58,46 36,4 47,4 74,46
        polygon   accent  58,54 36,96 47,96 74,54
        polygon   accent  22,47 4,26 13,26 34,47
        polygon   accent  22,53 4,74 13,74 34,53
        ellipse   body    6,40 99,60
        ellipse   light   84,44 94,56
    """),
    "automobile": _shapes("""
        polygon   body    18,52 34,28 66,28 84,52
        polygon   light   27,50 37,34 48,34 48,50
        polygon   light   53,50 53,34 63,34 74,50
        rectangle body    3,48 97,70
        ellipse   dark    13,56 38,82
        ellipse   dark    62,56 87,82
        ellipse   light   20,63 31,75
        ellipse   light   69,63 80,75
    """),
    "bird": _shapes("""
        polygon   body    30,48 2,34 6,62
        ellipse   body    18,36 76,76
        ellipse   body    58,16 88,46
        polygon   light   85,24 99,33 85,38
        polygon   accent  26,48 62,44 40,70
        ellipse   dark    72,24 79,31
        line      dark    42,74 40,94
        line      dark    54,74 56,94
    """),
    "cat": _shapes("""
        polygon   body    14,48 12,2 46,24
        polygon   body    86,48 88,2 54,24
        polygon   accent  20,30 18,12 32,22
        polygon   accent  80,30 82,12 68,22
        ellipse   body    10,18 90,94
        ellipse   light   24,40 44,58
        ellipse   light   56,40 76,58
        ellipse   dark    31,40 37,58
        ellipse   dark    63,40 69,58
        polygon   dark    44,64 56,64 50,72
        line      dark    2,64 34,68
        line      dark    2,80 34,74
        line      dark    98,64 66,68
        line      dark    98,80 66,74
    """),
    "deer": _shapes("""
        line      accent  42,34 30,16 12,12
        line      accent  30,16 32,1
        line      accent  36,25 16,28
        line      accent  58,34 70,16 88,12
        line      accent  70,16 68,1
        line      accent  64,25 84,28
        ellipse   body    14,34 40,48
        ellipse   body    60,34 86,48
        polygon   body    34,34 66,34 62,74 56,98 44,98 38,74
        ellipse   dark    37,46 45,54
        ellipse   dark    55,46 63,54
        ellipse   dark    43,84 57,97
    """),
    "dog": _shapes("""
        ellipse   body    20,8 80,86
        ellipse   accent  2,14 28,76
        ellipse   accent  72,14 98,76
        ellipse   light   31,48 69,96
        ellipse   dark    33,32 43,44
        ellipse   dark    57,32 67,44
        ellipse   dark    39,52 61,67
        line      dark    50,66 50,82
    """),
    "frog": _shapes("""
        ellipse   accent  0,70 34,98
        ellipse   accent  66,70 100,98
        ellipse   body    8,32 92,92
        ellipse   body    12,10 44,46
        ellipse   body    56,10 88,46
        ellipse   light   18,15 38,37
        ellipse   light   62,15 82,37
        ellipse   dark    24,20 33,32
        ellipse   dark    67,20 76,32
        line      dark    20,58 36,70 64,70 80,58
    """),
    "horse": _shapes("""
        line      accent  16,44 6,54 4,78
        ellipse   body    12,36 72,66
        rectangle body    16,52 24,97
        rectangle body    30,56 37,97
        rectangle body    52,56 59,97
        rectangle body    63,52 71,97
        polygon   body    54,44 70,8 82,12 72,56
        polygon   body    70,6 84,8 99,30 92,37 74,24
        polygon   accent  50,42 60,10 72,2 72,12 60,44
        ellipse   dark    79,13 84,18
    """),
    "ship": _shapes("""
        line      dark    30,40 30,4
        polygon   accent  33,6 33,24 52,15
        rectangle light   26,40 70,62
        rectangle accent  56,20 68,42
        ellipse   dark    32,46 40,54
        ellipse   dark    44,46 52,54
        ellipse   dark    56,46 64,54
        polygon   body    2,60 98,60 82,88 16,88
    """),
    "truck": _shapes("""
        rectangle body    1,18 62,72
        polygon   accent  65,36 84,36 98,54 98,72 65,72
        polygon   light   70,41 82,41 91,54 70,54
        rectangle dark    1,70 98,76
        ellipse   dark    6,66 28,88
        ellipse   dark    32,66 54,88
        ellipse   dark    72,66 94,88
        line      accent  1,45 62,45
    """),
}
