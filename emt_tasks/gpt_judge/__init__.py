"""The reading `gpt_judge`: a language model says whether an answer is right, or which label it names.

A judge is asked once about each distinct pair of label and answer; its verdicts are kept (`store`), so that other rows,
epochs, models and runs cost nothing. See docs/judge.md.
"""

NAME = "gpt_judge"
