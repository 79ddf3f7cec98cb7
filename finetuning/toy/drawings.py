"""Drawn 32x32 pictures of CIFAR-10's ten classes, for machines without CIFAR-10.

They are pictograms, not photographs: colours, place, size, tilt, background and noise are drawn at random and say
nothing about the class; its shape alone does. A model that tells them apart has shown nothing about CIFAR-10.
"""

import colorsys
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from emt_tasks.errors import UnknownName
from finetuning.toy.pictograms import PICTOGRAMS, Ink, Shape

SIDE = 32  # pixels, CIFAR-10's
_OVERSAMPLE = 4  # PIL paints without anti-aliasing: four times the size, then a box filter
_CANVAS = SIDE * _OVERSAMPLE
_WOBBLE = 1.5  # percent of the figure that each point moves at random, so that no two drawings share an outline

Colour = tuple[int, int, int]


def drawing(label: str, random: Random) -> Image.Image:
    """A 32x32 RGB picture of `label`, every choice taken from `random`.

    Raises:
        UnknownName: if `label` is not one of the ten classes.
    """
    if label not in PICTOGRAMS:
        raise UnknownName("drawing", label, PICTOGRAMS)
    inks, background = _colours(random)
    canvas = _gradient(*background)
    figure = _figure(PICTOGRAMS[label], inks, random)
    canvas.paste(figure, mask=figure)
    small = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)
    grain = np.random.default_rng(random.getrandbits(64)).normal(0, random.uniform(2, 14), small.shape)
    return Image.fromarray(np.clip(small + grain, 0, 255).astype(np.uint8), "RGB")


def _colours(random: Random) -> tuple[dict[Ink, Colour], tuple[Colour, Colour]]:
    """Inks and the two ends of a background that the figure's own colour stands out from."""
    figure_is_bright = random.random() < 0.5
    bright, dim = (0.75, 1.0), (0.1, 0.45)
    body, ground = (bright, dim) if figure_is_bright else (dim, bright)
    hue = random.random()
    inks = {
        Ink.BODY: _colour(hue, random.uniform(0.2, 0.9), random.uniform(*body)),
        Ink.ACCENT: _colour(hue + random.uniform(0.2, 0.8), random.uniform(0.3, 0.9), random.uniform(0.5, 0.95)),
        Ink.DARK: _colour(hue, 0.3, random.uniform(0.02, 0.15)),
        Ink.LIGHT: _colour(hue, 0.1, random.uniform(0.88, 1.0)),
    }
    ends = [_colour(random.random(), random.uniform(0.0, 0.6), random.uniform(*ground)) for _ in range(2)]
    return inks, (ends[0], ends[1])


def _colour(hue: float, saturation: float, value: float) -> Colour:
    """An RGB colour in 0..255 of hue (in turns), saturation and value in [0, 1]."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    """A canvas that runs from one colour to the other, top to bottom."""
    weight = np.linspace(0, 1, _CANVAS)[:, None, None]
    rows = (1 - weight) * np.array(top) + weight * np.array(bottom)
    return Image.fromarray(np.broadcast_to(rows, (_CANVAS, _CANVAS, 3)).astype(np.uint8), "RGB")


def _figure(shapes: tuple[Shape, ...], inks: dict[Ink, Colour], random: Random) -> Image.Image:
    """The shapes on a transparent canvas at a random place, size, tilt and side."""
    layer = Image.new("RGBA", (_CANVAS, _CANVAS))
    pen = ImageDraw.Draw(layer)
    size = random.uniform(0.72, 0.98) * _CANVAS
    left, top = (random.uniform(0, _CANVAS - size) for _ in range(2))
    flipped = random.random() < 0.5
    width = round(size * random.uniform(0.035, 0.055))
    for shape in shapes:
        moved = [
            (x + random.uniform(-_WOBBLE, _WOBBLE), y + random.uniform(-_WOBBLE, _WOBBLE)) for x, y in shape.points
        ]
        points = [(left + (100 - x if flipped else x) * size / 100, top + y * size / 100) for x, y in moved]
        _paint(pen, shape, points, inks[shape.ink], width)
    return layer.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR)


def _paint(
    pen: ImageDraw.ImageDraw, shape: Shape, points: list[tuple[float, float]], colour: Colour, width: int
) -> None:
    """Paint one shape whose points are pixels of the canvas."""
    if shape.form == "polygon":
        pen.polygon(points, fill=colour)
    elif shape.form == "line":
        pen.line(points, fill=colour, width=width, joint="curve")
    else:
        (x0, y0), (x1, y1) = points
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))  # a mirrored figure has its corners swapped
        (pen.ellipse if shape.form == "ellipse" else pen.rectangle)(box, fill=colour)
