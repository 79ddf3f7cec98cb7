"""Memory that torch frees on a CPU is kept for the next batch, where glibc manages it."""

import ctypes
import sys

# Of mallopt(3). glibc takes 32 MB as the largest block that may come from its heap.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_BLOCK = 32 * 2**20
KEPT = 2**30


def keep_freed_memory() -> bool:
    """Have the allocator keep up to 1 GB that was freed; returns whether it could be asked.

    By itself glibc gives each large block back to the kernel and gets it again zeroed, page by page: with batches of a
    small model on a CPU that is a fifth of the time. Results are the same bits.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # not glibc
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK) and mallopt(M_TRIM_THRESHOLD, KEPT))
