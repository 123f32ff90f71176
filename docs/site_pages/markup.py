"""From the markup of docstrings to that of pages."""

from __future__ import annotations

import html
import re

_ROLE = re.compile(r":\w+:`(~?)([^`]+)`")
_LITERAL = re.compile(r"``([^`]+)``")


def markdown(text: str) -> str:
    """Turn a docstring's literals and roles into Markdown's code.

    >>> markdown("Under ``delta``, see :mod:`escgan.gan.presets`.")
    'Under `delta`, see `escgan.gan.presets`.'
    """
    return _LITERAL.sub(r"`\1`", _ROLE.sub(lambda role: f"`{_shown(role)}`", text))


def linked(text: str) -> str:
    """Turn a docstring's roles into links, where the site has a page for what they name.

    >>> linked("see :func:`~escgan.gan.train_gan`")
    'see <autoref identifier="escgan.gan.train_gan" optional><code>train_gan</code></autoref>'
    """
    return _ROLE.sub(
        lambda role: f'<autoref identifier="{role[2]}" optional><code>{html.escape(_shown(role))}</code></autoref>',
        text,
    )


def paragraphs(docstring: str) -> str:
    """Return a docstring's prose as Markdown, up to its first section (``Parameters`` and so on)."""
    import inspect

    prose = re.split(r"\n\w[\w ]*\n-{3,}\n", inspect.cleandoc(docstring))[0]
    return markdown(prose.strip())


def one_line(text: str) -> str:
    """Return a text as one line of Markdown."""
    return " ".join(markdown(text).split())


def plain(text: str) -> str:
    r"""Return a text without markup as Markdown that shows it as it is.

    >>> plain("sub-*/[ses-*/]eeg")
    'sub-\\*/\\[ses-\\*/\\]eeg'
    """
    return re.sub(r"([*_\[\]<>`])", r"\\\1", " ".join(text.split()))


def _shown(role: re.Match[str]) -> str:
    return role[2].rsplit(".", 1)[-1] if role[1] else role[2]
