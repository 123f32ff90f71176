"""Every setting of the configuration, with what it means, what it may be and what it is when not given.

The pages follow from the schema that ``escgan config schema`` prints: a setting that is added to the code is on its
page the next time that the site is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from docs.site_pages.markup import one_line, paragraphs, plain
from docs.site_pages.schema import Node, default_of, described
from escgan.augmenters import AUGMENTERS
from escgan.bands import BAND_SETS
from escgan.classifiers import CLASSIFIERS
from escgan.config import PipelineConfig
from escgan.config_text import full_schema
from escgan.datasets import DATASETS, Corpus
from escgan.evaluation.protocols import PROTOCOLS
from escgan.evaluation.scores import METRICS
from escgan.features.smoothing import SMOOTHING
from escgan.labels import LABELS
from escgan.preprocessing import PREPROCESSORS
from escgan.studies import STUDIES

_BY_NAME = "What is given is a mapping with `kind` and the settings below, or the kind's name alone: `{}` is "\
    "`{{kind: {}}}`.\n"  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Kinds of one registry, on one page."""

    name: str
    page: str
    title: str
    lead: str
    kinds: Mapping[str, type]
    singles: tuple[str, ...] = ()
    """Definitions that stand on the page by themselves, after the kinds."""


GROUPS = (
    Group("dataset", "corpora", "Corpora", "What `dataset` may be. `escgan datasets KIND` prints the same facts.",
          DATASETS),
    Group("preprocessing", "preprocessing", "Preprocessing",
          "Steps of the list `preprocessing`, on the continuous signal and in the order given.", PREPROCESSORS),
    Group("labels", "labels", "Labels",
          "How ratings or conditions become classes: the setting `labels`, a mapping with `kind` and what is below.",
          LABELS),
    Group("smoothing", "features", "Features", "What is measured in which windows: the setting `features`.",
          SMOOTHING, ("FeatureConfig", "Band")),
    Group("protocol", "protocols", "Protocols and metrics",
          "How subjects are split into training and test: the setting `protocol`. What each is good for is said in "
          "[honest evaluation](../concepts/evaluation.md).", PROTOCOLS),
    Group("augmenters", "augmenters", "Augmenters", "What is compared: entries of the list `augmenters`.", AUGMENTERS,
          ("Balance", "Scarcity", "NetworkConfig", "LossWeights", "TrainingConfig")),
    Group("classifiers", "classifiers", "Classifiers",
          "What augmented windows are judged with: entries of the list `classifiers`.", CLASSIFIERS),
    Group("studies", "studies", "Studies",
          "`escgan study KIND CONFIG` runs one. Options stand in the configuration's section `studies`, by the "
          "study's name, such as `studies: {hard_case: {label: arithmetic}}`.", STUDIES,
          ("RobustnessConfig", "FidelityConfig")),
)  # fmt: skip


def settings_pages() -> dict[str, str]:
    """Return the pages of settings, Markdown by path."""
    schema = _schema()
    pages = {f"reference/{group.page}.md": "\n".join(_group_page(group, schema)) for group in GROUPS}
    return {"reference/configuration.md": "\n".join(_top_page(schema)), **pages}


@cache
def _schema() -> Node:
    return full_schema()


def anchor_of(definition: str) -> tuple[str, str]:
    """Return the page and the anchor of a definition of the schema."""
    for group in GROUPS:
        for kind, cls in group.kinds.items():
            if cls.__name__ == definition:
                return group.page, f"{group.name}-{kind}"
        if definition in group.singles:
            return group.page, definition.lower()
    raise LookupError(f"No page of the reference shows {definition}: name it in docs/site_pages/settings.py.")


def _top_page(schema: Node) -> Iterator[str]:
    yield from _head("Configuration", "Settings of the YAML file, at its top level. Everything has a default except "
                     "`dataset`, `augmenters` and `classifiers`.")  # fmt: skip
    yield (
        "`escgan config new CORPUS` writes a file with all of them, `escgan config validate FILE` checks one, and "
        "`escgan config schema` prints the schema from which these pages are made. Only what changes results stands in "
        "the file: the store, the device and how many workers are said on the [command line](command-line.md)."
    )
    yield ""
    decided = {name for name in ("preprocessing", "features", "labels") if name in PipelineConfig.model_fields}
    for name, node in schema["properties"].items():
        default = "default: the corpus' own" if name in decided else default_of(node, name in schema["required"])
        if name == "studies":
            yield from _setting(name, node, "default: none", "top", "options by the [study](studies.md)")
            continue
        page = next((group for group in GROUPS if group.name == name), None)
        said = None
        if page:
            words = "list of [these]" if node.get("type") == "array" else "one of [these]"
            said = f"{words}({page.page}.md)"
        yield from _setting(name, node, default, "top", said)


def _group_page(group: Group, schema: Node) -> Iterator[str]:
    yield from _head(group.title, group.lead)
    by_name = _BY_NAME.format(*[next(iter(group.kinds))] * 2)
    if group.name not in ("studies", "labels", "smoothing"):
        yield by_name
    definitions = {kind: _definition(group, kind, cls, schema) for kind, cls in group.kinds.items()}
    shared = _shared(definitions)
    first = next(iter(definitions.values()))
    if group.name == "smoothing":
        yield from _singles(group, schema)
        yield f"## Smoothing\n\n{by_name}"
    if shared:
        yield f"## Settings of all {group.title.lower()} " + "{ #" + f"{group.name}-all" + " }\n"
        for name, node in shared.items():
            yield from _setting(name, node, default_of(node, name in first.get("required", [])), f"{group.name}-all")
    for kind, own in definitions.items():
        yield f"{'###' if group.name == 'smoothing' else '##'} `{kind}` " + "{ #" + f"{group.name}-{kind}" + " }\n"
        cls = group.kinds[kind]
        yield paragraphs(cls.__doc__ or "") + "\n"
        if issubclass(cls, Corpus):
            yield from _facts(cls)
        for name, node in own["properties"].items():
            if name == "kind" or shared.get(name) == node:
                continue
            yield from _setting(name, node, default_of(node, name in own.get("required", [])), f"{group.name}-{kind}")
    if group.name != "smoothing":
        yield from _singles(group, schema)
    if group.name == "protocol":
        yield from _metrics()


def _singles(group: Group, schema: Node) -> Iterator[str]:
    for name in group.singles:
        own = schema["$defs"][name]
        yield f"## {_SINGLE_TITLES[name]} " + "{ #" + name.lower() + " }\n"
        yield paragraphs(own.get("description", "")) + "\n"
        for setting, node in own["properties"].items():
            yield from _setting(setting, node, default_of(node, setting in own.get("required", [])), name.lower())
        if name == "Band":
            yield from _band_sets()


_SINGLE_TITLES = {
    "FeatureConfig": "`features`",
    "Band": "`features.bands`",
    "Balance": "`balance`",
    "Scarcity": "`scarcity`",
    "NetworkConfig": "`network` of `escgan`",
    "LossWeights": "`losses` of `escgan`",
    "TrainingConfig": "`training` of `escgan`",
    "RobustnessConfig": "`attacks` of `robustness`",
    "FidelityConfig": "`comparison` of `fidelity`",
}


def _definition(group: Group, kind: str, cls: type, schema: Node) -> Node:
    own: Node = (
        schema["properties"]["studies"]["properties"][kind]
        if group.name == "studies"
        else schema["$defs"][cls.__name__]
    )
    return own


def _shared(definitions: Mapping[str, Node]) -> dict[str, Any]:
    """Return the settings, by name, that every kind has and most have alike."""
    each = [own["properties"] for own in definitions.values()]
    names = [name for name in each[0] if name != "kind" and all(name in own for own in each)]
    shared = {}
    for name in names:
        nodes = [own[name] for own in each]
        shared[name] = max(nodes, key=nodes.count)
    return shared


def _setting(name: str, node: Node, default: str, place: str, said: str | None = None) -> Iterator[str]:
    allowed = said or described(node, _link)
    named = [own for own, bands in BAND_SETS.items() if node.get("default") == [band.model_dump() for band in bands]]
    if named:
        default = f"default `{named[0]}`"
    yield f"`{name}`{{ #{place}.{name} }} · {allowed} · {default}"
    yield f":   {one_line(_description(node))}\n"


def _description(node: Node) -> str:
    """Return what a setting means; pydantic leaves it out where the group of settings says the same of itself."""
    group = _schema()["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else {}
    return str(node.get("description") or group["description"])


def _link(definition: str) -> str:
    if definition == "JsonValue":
        return "values"
    page, anchor = anchor_of(definition)
    kind = anchor.split("-", 1)[1] if "-" in anchor else None
    return f"[{f'`{kind}`' if kind else 'these settings'}]({page}.md#{anchor})"


def _facts(cls: type[Corpus]) -> Iterator[str]:
    yield f"- **{plain(cls.title)}**"
    yield f"- Files: {plain(cls.expects)}"
    yield f"- Where from: {plain(cls.access)}"
    yield f"- Terms: {plain(cls.licence)}"
    yield f"- To cite: {plain(cls.citation)}"
    yield f"- To know: {plain(cls.note)}\n"


def _band_sets() -> Iterator[str]:
    yield "Sets by name:\n"
    yield "| set | bands, in Hz |\n|---|---|"
    for name, bands in BAND_SETS.items():
        edges = ", ".join(f"{band.name} {band.low_hz:g} to {band.high_hz:g}" for band in bands)
        yield f"| `{name}` | {edges} |"
    yield ""


def _metrics() -> Iterator[str]:
    yield "## Metrics { #metrics }\n"
    yield "Columns of every table of scores; each is computed from stored predictions.\n"
    yield "| metric | what it is |\n|---|---|"
    for name, metric in METRICS.items():
        yield f"| `{name}`{{ #metric-{name} }} | {one_line((metric.__doc__ or '').strip().splitlines()[0])} |"
    yield ""


def _head(title: str, lead: str) -> Iterator[str]:
    yield f"# {title}\n\n{lead}\n"
