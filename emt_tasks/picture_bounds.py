"""How large a picture a model is shown: a hundred million pixels, or one pixel by ten thousand, end no run.

Pictures of the EMT sets are far inside these bounds and untouched.
"""

import math

from PIL import Image

MOST_PIXELS = 16384 * 28 * 28  # what Qwen2-VL's processor keeps at most, the most of those that we know
MOST_TIMES = 16  # as long as wide; CLIP's processor alone would make 336 x 3,360,000 of 1 x 10,000


def bounded(image: Image.Image) -> Image.Image:
    """`image` itself, or where it is past a bound a picture of all of it that is not.

    One more than 16 times as long as wide is repeated across its short side up to that. One of more than 12.8 million
    pixels is averaged over squares of whole pixels, the smallest that do.

    >>> bounded(Image.new("RGB", (1, 10_000))).size, bounded(Image.new("L", (6000, 5000))).size
    ((625, 10000), (3000, 2500))
    """
    width, height = image.size
    shape = max(width, math.ceil(height / MOST_TIMES)), max(height, math.ceil(width / MOST_TIMES))
    factor = math.ceil(math.sqrt(shape[0] * shape[1] / MOST_PIXELS))
    while math.ceil(shape[0] / factor) * math.ceil(shape[1] / factor) > MOST_PIXELS:
        factor += 1
    if factor > 1:
        image = image.reduce((min(factor, width), min(factor, height)))
        shape = math.ceil(shape[0] / factor), math.ceil(shape[1] / factor)
    return image if image.size == shape else image.resize(shape, Image.Resampling.NEAREST)
