"""The site: built without a warning, whole in itself, and silent towards any network."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import BaseModel

from docs.site_pages.commands import commands
from escgan.augmenters import AUGMENTERS
from escgan.classifiers import CLASSIFIERS
from escgan.config import PipelineConfig
from escgan.config_text import full_schema
from escgan.datasets import DATASETS
from escgan.evaluation.protocols import PROTOCOLS
from escgan.evaluation.scores import METRICS
from escgan.features.smoothing import SMOOTHING
from escgan.labels import LABELS
from escgan.preprocessing import PREPROCESSORS
from escgan.studies import STUDIES
from tests.docs.pages import DOCS, ROOT, shell_lines

REGISTRIES = {
    "corpora": ("dataset", DATASETS),
    "preprocessing": ("preprocessing", PREPROCESSORS),
    "labels": ("labels", LABELS),
    "features": ("smoothing", SMOOTHING),
    "protocols": ("protocol", PROTOCOLS),
    "augmenters": ("augmenters", AUGMENTERS),
    "classifiers": ("classifiers", CLASSIFIERS),
    "studies": ("studies", STUDIES),
}
# What a browser fetches by itself, and the attribute that names it.
FETCHED = {
    "img": ("src", "srcset"), "script": ("src",), "link": ("href",), "iframe": ("src",), "source": ("src", "srcset"),
    "video": ("src", "poster"), "audio": ("src",), "object": ("data",), "embed": ("src",), "use": ("href",),
}  # fmt: skip
# Of links in the head, these are told to machines and not fetched.
ONLY_TOLD = {"canonical", "prev", "next", "alternate"}


class Page(HTMLParser):
    """The links, anchors, images and fetched files of a page, and what stands below each anchor of a setting."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.fetched: list[str] = []
        self.meanings: dict[str, str] = {}
        self._named: list[str] = []
        self._inside: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if own.get("id"):
            self.anchors.add(str(own["id"]))
            if self._inside == "dt":
                self._named.append(str(own["id"]))
        if tag == "a" and own.get("href"):
            self.links.append(str(own["href"]))
        if tag == "img":
            self.images.append(own)
        if tag in ("dt", "dd"):
            self._inside = tag
        told = tag == "link" and own.get("rel") in ONLY_TOLD
        self.fetched += [str(own[name]) for name in FETCHED.get(tag, ()) if own.get(name) and not told]

    def handle_endtag(self, tag: str) -> None:
        if tag == "dd":
            self._named.clear()
        if tag in ("dt", "dd"):
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside == "dd":
            for name in self._named:
                self.meanings[name] = self.meanings.get(name, "") + data


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as `make site` does."""
    folder = tmp_path_factory.mktemp("site")
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_make_builds_it_strictly():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nsite:")[1].split("\n\n")[0]
    assert "mkdocs build --strict" in recipe


def test_every_internal_link_and_anchor_leads_somewhere(site, pages):
    lost = []
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                lost.append(f"{path.relative_to(site)} -> {link}")
    assert len(pages) > 40 and not lost


def test_every_link_outwards_is_well_formed(pages):
    outwards = {link for page in pages.values() for link in page.links if urlsplit(link).scheme}
    assert len(outwards) > 10
    for link in outwards:
        parts = urlsplit(link)
        assert parts.scheme in ("https", "http", "mailto") and not re.search(r"\s", link), link
        assert parts.scheme == "mailto" or re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc.lower()), link


def test_every_image_exists_and_says_what_it_shows(pages):
    seen = [(path, image) for path, page in pages.items() for image in page.images]
    assert len(seen) > 5
    for path, image in seen:
        assert (image.get("alt") or "").strip(), (path, image)
        assert (path.parent / unquote(str(image["src"]))).resolve().is_file(), (path, image)


def test_no_page_requests_anything_from_a_network(site, pages):
    for path, page in pages.items():
        abroad = [address for address in page.fetched if urlsplit(address).scheme not in ("", "data")]
        assert not abroad and not [address for address in page.fetched if address.startswith("//")], path
        missing = [a for a in page.fetched if not a.startswith(("data:", "/")) and not _local(path, a).is_file()]
        assert path.name == "404.html" or not missing, path
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", text), path
    for path in pages:
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_the_network_check_can_fail():
    page = Page('<link rel="stylesheet" href="https://fonts.example/x.css"><script src="//cdn.example/x.js"></script>')
    assert page.fetched == ["https://fonts.example/x.css", "//cdn.example/x.js"]


@pytest.mark.parametrize("name", REGISTRIES)
def test_every_entry_of_a_registry_is_in_the_reference(site, name):
    group, registry = REGISTRIES[name]
    anchors = Page((site / "reference" / f"{name}.html").read_text(encoding="utf-8")).anchors
    assert [kind for kind in registry if f"{group}-{kind}" not in anchors] == []


@pytest.mark.parametrize("name", REGISTRIES)
def test_every_setting_is_in_the_reference_with_its_meaning(site, name):
    group, registry = REGISTRIES[name]
    meanings = Page((site / "reference" / f"{name}.html").read_text(encoding="utf-8")).meanings
    for kind, cls in registry.items():
        for field in cls.model_fields:
            if field == "kind":
                continue
            said = meanings.get(f"{group}-{kind}.{field}") or meanings.get(f"{group}-all.{field}")
            assert said and said.strip(), f"{kind}.{field}"


def test_every_setting_of_the_top_and_of_every_group_is_in_the_reference(site):
    found: dict[str, str] = {}
    for path in (site / "reference").glob("*.html"):
        found |= Page(path.read_text(encoding="utf-8")).meanings
    for name in [*PipelineConfig.model_fields, "studies"]:
        assert found.get(f"top.{name}", "").strip(), name
    # What is neither an entry of a registry nor free JSON is a group of its own, such as the losses' weights.
    kinds = {cls.__name__ for _, registry in REGISTRIES.values() for cls in registry.values()}
    groups = {name: own for name, own in full_schema()["$defs"].items() if name not in kinds | {"JsonValue"}}
    assert {"LossWeights", "Balance", "FeatureConfig"} <= set(groups)
    for name, own in groups.items():
        for setting in own["properties"]:
            assert found.get(f"{name.lower()}.{setting}", "").strip(), f"{name}.{setting}"


def test_defaults_and_descriptions_are_the_codes_own(site):
    def plain(text: str) -> str:
        return " ".join(text.replace("`", "").split())

    page = Page((site / "reference" / "augmenters.html").read_text(encoding="utf-8"))
    for kind, cls in AUGMENTERS.items():
        assert issubclass(cls, BaseModel)
        for name, field in cls.model_fields.items():
            told = page.meanings.get(f"augmenters-{kind}.{name}")
            if told and ":" not in (field.description or ""):
                assert plain(told) == plain(field.description or ""), f"{kind}.{name}"
    html = (site / "reference" / "augmenters.html").read_text(encoding="utf-8")
    weight = html.split('id="augmenters-noise.share"')[1].split("</dt>")[0]
    assert f"<code>{json.dumps(AUGMENTERS['noise'].model_fields['share'].default)}</code>" in weight


def test_every_metric_is_in_the_reference(site):
    anchors = Page((site / "reference" / "protocols.html").read_text(encoding="utf-8")).anchors
    assert [name for name in METRICS if f"metric-{name}" not in anchors] == []


def test_every_command_and_option_is_in_the_reference(site):
    html = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    assert len(commands()) > 15
    # Examples are blocks of commands to copy, not a sentence.
    assert "$ escgan" not in html and "configs/eegmat.yaml" in html
    for typed, command in commands().items():
        section = re.search(rf"<h\d id=[^>]*><code>{typed}</code>(.*?)(<h\d |</article>)", html, re.DOTALL)
        assert section, typed
        for option in command.params:
            for name in option.opts if option.opts[0].startswith("-") else ():
                assert f"<code>{name}" in section[1] or f", {name}" in section[1], f"{typed} {name}"


def test_every_public_name_of_the_library_is_in_the_reference(site):
    anchors = set()
    for path in (site / "reference" / "library").glob("*.html"):
        anchors |= Page(path.read_text(encoding="utf-8")).anchors
    for module, names in {"escgan.gan": None, "storage": {"FileEntry"}}.items():
        public = set(importlib.import_module(module).__all__) - (names or set())
        assert [name for name in public if not {a for a in anchors if a.endswith(f".{name}")}] == []
    for registry in (DATASETS, AUGMENTERS, CLASSIFIERS, PROTOCOLS, STUDIES):
        assert [cls.__name__ for cls in registry.values() if f"{cls.__module__}.{cls.__name__}" not in anchors] == []


def test_every_command_that_a_page_shows_exists():
    known = commands()
    shown = 0
    for page in sorted(DOCS.rglob("*.md")):
        if "results" in page.parts:
            continue
        for words in shell_lines(page):
            if words[0] != "escgan":
                continue
            names = [words[0]]
            for word in words[1:]:
                if " ".join([*names, word]) not in {" ".join(k.split()[: len(names) + 1]) for k in known}:
                    break
                names.append(word)
            typed = " ".join(names)
            assert typed in known, f"{page.name}: {' '.join(words)}"
            options = {name for parameter in known[typed].params for name in parameter.opts}
            used = {word.split("=")[0] for word in words if word.startswith("--")}
            assert used <= options, f"{page.name}: {' '.join(words)}"
            shown += 1
    assert shown > 30


def test_configurations_that_a_page_names_exist():
    for page in sorted(DOCS.rglob("*.md")):
        if "results" not in page.parts:
            for name in re.findall(r"\bconfigs/[\w/.-]+\.yaml", page.read_text(encoding="utf-8")):
                assert (ROOT / name).is_file(), f"{page.name}: {name}"


def _local(page: Path, address: str) -> Path:
    return (page.parent / unquote(urlsplit(address).path)).resolve()
