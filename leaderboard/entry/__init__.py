"""One entry: the file that a submitter hands in, how it is made from a run, and everything that is checked of it."""
