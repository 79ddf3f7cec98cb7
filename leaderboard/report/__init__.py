"""The report on forgetting: what `emt_tasks.forgetting` found, as sections, figures and files."""
