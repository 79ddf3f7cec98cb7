"""Answers as the page shows them: the words that name labels are marked."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from emt_tasks.escaping import plain


def marked(raw: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """`raw` in HTML with its spans marked; spans that overlap or lie outside are left out.

    >>> str(marked("a <cat>", [(3, 6)]))
    'a &lt;<mark>cat</mark>&gt;'
    """
    parts, done = [], 0
    for start, end in sorted(spans):
        if not done <= start < end <= len(raw):
            continue
        parts += [escape(plain(raw[done:start])), Markup("<mark>"), escape(plain(raw[start:end])), Markup("</mark>")]
        done = end
    return Markup("").join([*parts, escape(plain(raw[done:]))])
