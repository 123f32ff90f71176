"""For griffe, which reads docstrings for the site: their roles become links."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from griffe import Extension, Object

# griffe loads this file by its path.
sys.path.insert(0, str(Path(__file__).parents[2]))

from docs.site_pages.markup import linked


class Roles(Extension):
    """Turn ``:func:`name``` into a link wherever it stands."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Rewrite the docstring of whatever was read."""
        if obj.docstring is not None:
            obj.docstring.value = linked(obj.docstring.value)
