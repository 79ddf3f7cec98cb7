"""How is it read and scored?  Labels, readings, outcomes, statistics and the `emt` command. Imports no torch."""
