"""Pictures are drawn by a rule, not picked: the same ones come up whoever draws them from the same data."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from emt_tasks.runs.records import Rows


class Draw:
    """The order in which pictures are drawn: by the sha256 of "SEED:" and the sha256 of their pixels.

    Of a log that tells no pictures it is that of the row's number, written out. Ranks are kept, as many runs ask about
    the same pictures.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._ranks: dict[bytes, bytes] = {}

    def order(self, rows: Rows) -> NDArray[np.intp]:
        """(n,) the places of all rows, those that are drawn first before others."""
        keys = [str(number).encode() for number in rows.doc_id.tolist()] if rows.image is None else rows.image.tolist()
        return np.argsort(np.array(list(map(self._rank, keys)), "V32").view("S32").ravel(), kind="stable")

    def rank(self, image: str | None, doc_id: int) -> str:
        """What a row is ordered by, in hex."""
        return self._rank(str(doc_id).encode() if image is None else image.encode("ascii")).hex()

    def _rank(self, key: bytes) -> bytes:
        if key not in self._ranks:
            self._ranks[key] = hashlib.sha256(b"%d:%s" % (self.seed, key)).digest()
        return self._ranks[key]
