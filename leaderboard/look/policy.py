"""What a page of ours may do: show what is in it, and run the scripts that it was made with."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

_NOTHING = ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'")


def policy(scripts: Sequence[str] = ()) -> str:
    """The content security policy of a page whose inline scripts are `scripts`, each known by its sha256.

    >>> "script-src" in policy()
    False
    """
    if not scripts:
        return "; ".join(_NOTHING)
    hashes = (b64encode(sha256(script.encode("utf8")).digest()).decode("ascii") for script in scripts)
    return "; ".join([*_NOTHING, "script-src " + " ".join(f"'sha256-{one}'" for one in hashes)])
