"""Answers that are none: what a harness writes where the model could not be reached."""

LOST = (
    "[LMMS_EVAL_REQUEST_FAILED",  # what lmms-eval's API models return where the endpoint did not answer
    "[LMMS_EVAL_BUDGET_EXCEEDED",  # and where it may ask no more
    "Failed to obtain answer",  # VLMEvalKit: "... via API.", or ": <error>" where it was told to skip errors
    'Error: can only concatenate str (not "NoneType") to str',  # its async_openai, of a reply without content
)
SPREADSHEET_ERRORS = frozenset(("#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!"))
"""What a spreadsheet shows in a cell whose value it could not have."""


def is_lost(answer: str) -> bool:
    """Whether `answer` is a harness's note of a failed request, or a spreadsheet's error in its place.

    >>> is_lost("[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error."), is_lost("a cat")
    (True, False)
    """
    return answer.lstrip().startswith(LOST) or answer.strip() in SPREADSHEET_ERRORS
