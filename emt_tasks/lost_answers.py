"""Answers that are none: what a harness writes where the model could not be reached."""

LOST = (
    "[LMMS_EVAL_REQUEST_FAILED",  # what lmms-eval's API models return where the endpoint did not answer
    "[LMMS_EVAL_BUDGET_EXCEEDED",  # and where it may ask no more
    "Failed to obtain answer",  # VLMEvalKit: "... via API.", or ": <error>" where it was told to skip errors
    'Error: can only concatenate str (not "NoneType") to str',  # its async_openai, of a reply without content
)


def is_lost(answer: str) -> bool:
    """Whether `answer` is a harness's note of a failed request.

    >>> is_lost("[LMMS_EVAL_REQUEST_FAILED after 5 retries] Connection error."), is_lost("a cat")
    (True, False)
    """
    return answer.lstrip().startswith(LOST)
