"""Answers for scripts: with ``--json`` a command prints one JSON document on standard output, and nothing else there.

Every document is an object; docs/json.md describes each command's. A command that could not do its work prints
``{"error": {"message": ..., "exit_code": ...}}``, and the same sentence on standard error as ever.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, TextIO

OPTION = "--json"


def wanted() -> bool:
    """Tell whether the command line asks for a document; known before the options are parsed, for wrong ones too."""
    return OPTION in sys.argv[1:]


def print_document(document: Mapping[str, Any], file: TextIO | None = None) -> None:
    """Print a command's whole answer."""
    text = json.dumps(plain(document), indent=1, ensure_ascii=False, allow_nan=False)
    # A file's name that is no UTF-8 holds lone surrogates, which are written as JSON's own escapes.
    print(text.encode("utf-8", "backslashreplace").decode(), file=file or sys.stdout)


def error_document(message: str, exit_code: int) -> dict[str, Any]:
    """Return what is printed where there is no answer."""
    return {"error": {"message": message, "exit_code": exit_code}}


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: what is not a finite number becomes null, a table a list of its rows.

    >>> plain({"report": Path("a.html"), "scores": (1.0, float("nan"))})
    {'report': 'a.html', 'scores': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "to_dict"):
        return plain(value.to_dict("records"))
    # A number of numpy's.
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and not isfinite(number) else number
