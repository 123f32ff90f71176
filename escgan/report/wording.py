"""Numbers, durations and lists as a reader wants them: short, and a dash where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from escgan.report.blocks import Cell

DASH = "–"
MINUS = "−"

METRIC_NAMES: dict[str, str] = {
    "balanced_accuracy": "Balanced accuracy",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "macro_f1": "Macro F1",
    "kappa": "Cohen's κ",
    "accuracy": "Accuracy",
}
"""The metrics of every score table, in reading order: a phone shows the first, which the verdict is of."""

VERDICT_NAMES: dict[str, str] = {"helped": "Helped", "hurt": "Hurt", "undecided": "Undecided"}
"""What a comparison can conclude, as a word."""

MEASURES: dict[str, tuple[str, str]] = {
    "de": ("differential entropy", "DE"),
    "psd": ("power spectral density", "PSD"),
}
"""What may be measured in windows: in words, and in short."""


def measure_words(measure: str) -> tuple[str, str]:
    """Return what was measured in words and in short, as its owners call it where they alone know.

    >>> measure_words("psd"), measure_words("de_LDS"), measure_words("dasm_LDS")
    (('power spectral density', 'PSD'), ('differential entropy', 'DE'), ('dasm_LDS', 'dasm_LDS'))
    """
    # The owners of SEED write behind an underscore how they smoothed it; the definition says so in words.
    return MEASURES.get(measure.split("_")[0].lower(), (measure, measure))


def metric_name(metric: str) -> str:
    """Return what a reader calls a metric.

    >>> metric_name("macro_f1"), metric_name("recall: happy")
    ('Macro F1', 'recall: happy')
    """
    return METRIC_NAMES.get(metric, metric)


def number(value: float, digits: int = 3) -> str:
    """Write a number with a true minus sign, or an en dash where it is undefined.

    >>> number(0.12345), number(-2, 1), number(float("nan"))
    ('0.123', '−2.0', '–')
    """
    if not np.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    # A rounded-away minus ("-0.000") reads as a direction that is not there.
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, digits: int = 3) -> str:
    """Write a difference, with its sign even when positive.

    >>> signed(0.02), signed(-0.02), signed(0.0)
    ('+0.020', '−0.020', '0.000')
    """
    text = number(value, digits)
    return f"+{text}" if np.isfinite(value) and float(f"{value:.{digits}f}") > 0 else text


def significant(value: float, digits: int = 3) -> str:
    """Write a number whose size is not known beforehand, such as microvolts or a loss.

    >>> significant(1234.5), significant(0.00123), significant(12.0)
    ('1,230', '0.00123', '12.0')
    """
    if not np.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    if abs(rounded) >= 10 ** (digits - 1):
        return f"{rounded:,.0f}".replace("-", MINUS)
    # The "#" keeps trailing zeros, so that 12.0 stands beside 11.9.
    return f"{rounded:#.{digits}g}".replace("-", MINUS)


def count(value: float) -> str:
    """Write a whole number with thousands separated.

    >>> count(12345), count(float("nan"))
    ('12,345', '–')
    """
    return f"{value:,.0f}".replace("-", MINUS) if np.isfinite(value) else DASH


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage.

    >>> percent(0.5), percent(0.0042, 2), percent(0.0, 2), percent(float("nan"))
    ('50 %', '0.42 %', '0 %', '–')
    """
    if share == 0:
        return "0 %"
    return f"{number(100 * share, digits)} %" if np.isfinite(share) else DASH


def probability(p_value: float) -> str:
    """Write a p value, never as zero.

    >>> probability(0.0213), probability(1e-6)
    ('0.021', '< 0.001')
    """
    return "< 0.001" if p_value < 0.001 else number(p_value)


def interval(low: float, high: float, digits: int = 3, *, sign: bool = False) -> str:
    """Write an interval, or an en dash where it is undefined.

    >>> interval(-0.01, 0.05, sign=True)
    '[−0.010, +0.050]'
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        return DASH
    write = signed if sign else number
    return f"[{write(low, digits)}, {write(high, digits)}]"


def duration(seconds: float) -> str:
    """Write a duration in its two largest units.

    >>> duration(4.21), duration(135), duration(7322)
    ('4.2 s', '2 min 15 s', '2 h 2 min')
    """
    if not np.isfinite(seconds):
        return DASH
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def plural(n: int, noun: str) -> str:
    """Write a count and its noun.

    >>> plural(1, "fold"), plural(12, "fold"), plural(2, "class")
    ('1 fold', '12 folds', '2 classes')
    """
    ending = "" if n == 1 else "es" if noun.endswith("s") else "s"
    return f"{n:,} {noun}{ending}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', 'none')
    """
    if not words:
        return "none"
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def as_number(value: Any) -> float:
    """Return a table's value as a float, NaN where it is missing.

    >>> as_number(3), as_number(None)
    (3.0, nan)
    """
    return float("nan") if _is_missing(value) else float(value)


def as_text(value: Any) -> str:
    """Return a table's value as text, an en dash where it is missing.

    >>> as_text("sub-01"), as_text(None), as_text("")
    ('sub-01', '–', '–')
    """
    return DASH if _is_missing(value) else str(value) or DASH


def _is_missing(value: Any) -> bool:
    # Lists and dicts, which a settings column may hold, are values and never missing.
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def text_cell(value: object) -> Cell:
    """Return a cell of text."""
    return Cell(as_text(value))


def count_cell(value: object) -> Cell:
    """Return a cell of a whole number that sorts as one."""
    converted = as_number(value)
    return Cell(count(converted), sort=converted)
