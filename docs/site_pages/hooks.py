"""What mkdocs is told beside mkdocs.yml: pages that are made from the code, and every class of a registry."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# mkdocs loads this file by its path.
sys.path.insert(0, str(Path(__file__).parents[2]))

from mkdocs.structure.files import File

from docs.site_pages.commands import command_page
from docs.site_pages.settings import settings_pages
from escgan.augmenters import AUGMENTERS
from escgan.classifiers import CLASSIFIERS
from escgan.datasets import DATASETS
from escgan.evaluation.protocols import PROTOCOLS
from escgan.studies import STUDIES

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_REGISTRIES: dict[str, dict[str, type]] = {
    "AUGMENTERS": AUGMENTERS,
    "CLASSIFIERS": CLASSIFIERS,
    "DATASETS": DATASETS,
    "PROTOCOLS": PROTOCOLS,
    "STUDIES": STUDIES,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of settings and of commands."""
    for path, text in {**settings_pages(), "reference/command-line.md": command_page()}.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **about: Any) -> str:
    """Put the classes of a registry where a page asks for them."""
    return re.sub(r"<!-- every class of (\w+) -->", lambda found: _classes(_REGISTRIES[found[1]]), markdown)


def _classes(registry: dict[str, type]) -> str:
    options = "    options: {heading_level: 3, members: false, show_bases: false}"
    return "\n".join(f"::: {cls.__module__}.{cls.__qualname__}\n{options}" for cls in registry.values())
