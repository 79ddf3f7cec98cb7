r"""Text of unknown origin, made safe for where it is shown.

Answers, labels, names of models and folders come from whoever made a run. None of them may move a terminal's cursor,
become markup, or become a formula.
"""

import html as _html
import re

_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f"  # control characters, C0 and C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of writing
    "\u200b\u2060\ufeff\u2028\u2029\ud800-\udfff\ufffe\uffff]"  # invisible, line ends, no characters
)
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": r"{-}",
    "[": r"{[}",
    "]": r"{]}",
}
_MARKDOWN = re.compile(
    r"([\\`*_{}\[\]<>#|~$&@]"  # mean something wherever they stand; @ and # name people and issues
    r"|:(?=//)|(?<=www)\.)"  # make an address a link
)
_BEGINNING = re.compile(r"^(\d*)([-+=.)])")  # lists, numbered too, and underlined headings
_FORMULA = ("=", "+", "-", "@")


def plain(text: str) -> str:
    r"""`text` in one line without anything that acts: terminal sequences go, other control characters become spaces.

    >>> plain("a\x1b[31m red\x1b[0m\r\nship\u202e")
    'a red  ship '
    """
    return _UNSEEN.sub(" ", _TERMINAL.sub("", text))


def storable(text: str) -> str:
    r"""`text` as every file can hold it: half a surrogate pair, which an endpoint's JSON can bring, becomes "?".

    >>> storable("a dog \ud83d")
    'a dog ?'
    """
    return text.encode("utf8", "replace").decode("utf8")


def terminal(text: str) -> str:
    """`text` for a terminal: one line, nothing that moves or colours."""
    return plain(text)


def html(text: str) -> str:
    """`text` for HTML, between tags or in a quoted attribute.

    >>> html("<img src=x onerror='1'>")
    '&lt;img src=x onerror=&#x27;1&#x27;&gt;'
    """
    return _html.escape(plain(text), quote=True)


def latex(text: str) -> str:
    r"""`text` for LaTeX's text mode; no command and no ligature comes of it.

    >>> latex(r"\\input{x}_%")
    '\\textbackslash{}\\textbackslash{}input\\{x\\}\\_\\%'
    """
    return "".join(_LATEX.get(character, character) for character in plain(text))


def markdown(text: str, begins: bool = True) -> str:
    r"""`text` for one cell or line of Markdown, where HTML is let through too.

    Args:
        text: it.
        begins: it may stand at the beginning of a line; a table's cell never does.

    >>> markdown("a|b <b>"), markdown("1. a"), markdown("-1.5", begins=False)
    ('a\\|b \\<b\\>', '1\\. a', '-1.5')
    """
    escaped = _MARKDOWN.sub(r"\\\1", plain(text).strip())
    return _BEGINNING.sub(r"\1\\\2", escaped) if begins else escaped


def csv_cell(text: str) -> str:
    """`text` for a spreadsheet's cell: what it would take for a formula gets an apostrophe in front.

    >>> csv_cell("=1+1"), csv_cell("ship")
    ("'=1+1", 'ship')
    """
    safe = plain(text)
    return f"'{safe}" if safe.lstrip().startswith(_FORMULA) else safe
