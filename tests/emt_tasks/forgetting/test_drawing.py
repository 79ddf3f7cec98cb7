import hashlib

import numpy as np

from emt_tasks.forgetting.drawing import Draw
from emt_tasks.forgetting.findings import Findings


def test_pictures_are_drawn_by_the_hash_of_seed_and_picture(of_the_paper: Findings) -> None:
    rows, draw = of_the_paper.told.rows["base", "cifar10"].rows, Draw(7)
    assert rows.image is not None
    ranks = [hashlib.sha256(b"7:" + image).hexdigest() for image in rows.image.tolist()]
    assert draw.order(rows).tolist() == sorted(range(len(rows)), key=ranks.__getitem__)
    assert draw.rank(rows.image[0].decode(), 0) == ranks[0]


def test_another_order_of_rows_draws_the_same_pictures(of_the_paper: Findings) -> None:
    rows = of_the_paper.told.rows["base", "cifar10"].rows
    turned = rows.taken(np.arange(len(rows))[::-1])
    assert rows.image is not None
    assert turned.image is not None
    assert np.array_equal(rows.image[Draw(0).order(rows)], turned.image[Draw(0).order(turned)])


def test_another_seed_draws_others(of_the_paper: Findings) -> None:
    rows = of_the_paper.told.rows["base", "cifar10"].rows
    assert Draw(0).order(rows).tolist() != Draw(1).order(rows).tolist()
