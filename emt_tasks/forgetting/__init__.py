"""What fine-tuning made a model forget, told from runs: pure rules over `emt_tasks.runs.records`.

`findings.findings` says everything at once; each measure and each claim is a module.
"""
