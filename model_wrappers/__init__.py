"""Who answers?  One file for each model family, over one shared base."""
