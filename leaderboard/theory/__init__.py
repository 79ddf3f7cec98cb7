"""Section 3 of the paper, told from what `emt repro` has left on disk."""
