"""What a judge needs, looked for before anything is generated or spent."""

import sys

from emt_tasks.errors import EmtError, RefusedToSpend, UnknownName
from emt_tasks.escaping import plain
from emt_tasks.gpt_judge.money import Budget
from emt_tasks.gpt_judge.settings import OPENAI, JudgeSettings, from_environment, says_yes
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.runs import manifest

PATIENCE = 10.0  # seconds that the judge may take to list its models


def may_ask_user() -> bool:
    """Whether somebody sits at a terminal who can say yes: of several ranks nobody does."""
    return sys.stdin.isatty() and sys.stderr.isatty() and manifest.ranks() == 1


def require_for(_given: object = None) -> str:
    """What was found for a `_judge` task, set by the environment: the judge, its address and its price.

    Raises:
        EmtError: key, address, model, store or limit are wrong or missing.
        RefusedToSpend: nobody has said yes, and nobody is there to be asked.
    """
    settings = from_environment()
    settings.require_key()
    if not says_yes() and not may_ask_user():
        raise RefusedToSpend("it costs money, and nobody is at a terminal to say yes. Set EMT_JUDGE_YES=1 to allow it.")
    Budget(settings.max_usd, settings.price)
    with VerdictStore(settings.store):
        pass
    reach(settings)
    limit = "" if settings.max_usd is None else f", at most ${settings.max_usd:g}"
    price = settings.price
    cost = "price unknown" if price is None else f"${price.input:g} / ${price.output:g} a million tokens ({price.read})"
    return f"{settings.model} at {settings.base_url}, {cost}{limit}"


def reach(settings: JudgeSettings) -> None:
    """Ask the service which models it has, which costs nothing.

    A service that does not list models, or whose list lacks the judge although it may answer for it, is passed over;
    OpenAI's list is whole.

    Raises:
        EmtError: nobody answers, the key is refused, or OpenAI has no such model.
    """
    import openai

    with openai.OpenAI(
        api_key=settings.require_key(), base_url=settings.base_url, timeout=PATIENCE, max_retries=1
    ) as client:
        try:
            known = [str(model.id) for model in client.models.list()]
        except openai.APIConnectionError as error:
            raise EmtError(
                f"the judge at {settings.base_url} can't be reached ({plain(str(error.__cause__ or error))}). Check "
                "OPENAI_BASE_URL and the network."
            ) from error
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise EmtError(
                f"the judge at {settings.base_url} refuses the key ({error.status_code}). Check OPENAI_API_KEY."
            ) from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):
            return
    if settings.base_url == OPENAI and settings.model not in known:
        raise UnknownName("judge (EMT_JUDGE_MODEL)", settings.model, known)
