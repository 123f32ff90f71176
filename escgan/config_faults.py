"""What validation finds wrong in a configuration in one sentence: where, what stands there, the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import ValidationError

from escgan.listing import near_miss

# How alike a setting's name must be to be guessed: one letter of four may be wrong, and 'version' is no 'expansion'.
_NEAR_MISS = 0.75
_MOST_LETTERS = 40
# The pattern of names, and the signs that they may hold.
_NAME = re.compile(r"\^\[A-Za-z0-9\]\[A-Za-z0-9(.+)\]\*\$")
# The fields that hold one of a registry, in which a fault's place repeats the kind.
_CHOSEN = ("dataset", "labels", "protocol", "smoothing")


def explain(error: ValidationError, source: str) -> str:
    """Return one sentence for the first fault that validation found."""
    found = error.errors(include_url=False)
    # A misspelt setting is often a missing one as well: its name says more.
    first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
    where = _place(first["loc"])
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"In {source}: there is no setting '{where}': {_guess(first['loc'])}"
    if first["type"] in ("union_tag_invalid", "union_tag_not_found", "model_attributes_type"):
        # The corpus is checked before the fields, so its error does not carry the field's name.
        where = where or "dataset"
    say = _SAID.get(first["type"])
    said = say(where, first["input"], first.get("ctx", {})) if say else _said_by_pydantic(where, first)
    return f"In {source}: {said}"


def _place(loc: tuple[int | str, ...]) -> str:
    """Write a place as the file has it: below 'dataset', and without what pydantic puts between.

    >>> _place(("bids", "drop")), _place(("labels", "classes", "classes", 0)), _place(("bids", "task", "str"))
    ('dataset.drop', 'labels.classes.0', 'dataset.task')
    """
    from escgan.datasets import DATASETS

    parts = list(loc)
    if parts and parts[0] in DATASETS:
        parts.insert(0, "dataset")
    for field in _CHOSEN:
        if field in parts[:-1]:
            del parts[parts.index(field) + 1]
    if len(parts) > 1 and parts[-1] in ("str", "int", "float", "bool"):
        del parts[-1]
    return ".".join(map(str, parts))


def _guess(loc: tuple[int | str, ...]) -> str:
    """Ask for the known setting that is like an unknown one, of the same mapping where one is."""
    unknown = str(loc[-1])
    siblings = _settings_beside(loc)
    near = difflib.get_close_matches(unknown, siblings, n=1, cutoff=_NEAR_MISS)
    if not near:
        known = _known_settings()
        # A setting of that very name belongs to something else: only what is nearly the same can have been meant.
        cutoff = 0.9 if unknown in known else _NEAR_MISS
        near = difflib.get_close_matches(unknown, known - {unknown}, n=1, cutoff=cutoff)
    return f"did you mean '{near[0]}'?" if near else "remove it."


def _settings_beside(loc: tuple[int | str, ...]) -> list[str]:
    """Return the settings of the mapping in which an unknown one stands; none where that is not known."""
    from escgan.config import REGISTRIES, PipelineConfig
    from escgan.features.config import FeatureConfig

    owners: dict[str, Any] = {kind: cls for registry in REGISTRIES for kind, cls in registry.items()}
    owners["features"] = FeatureConfig
    owner = next((owners[part] for part in reversed(loc[:-1]) if isinstance(part, str) and part in owners), None)
    if owner is None and len(loc) == 1:
        owner = PipelineConfig
    # Networks and trainings are dataclasses inside their augmenter, whose own settings are not beside theirs.
    direct = len(loc) == 1 or (loc[-2] in owners)
    return sorted(getattr(owner, "model_fields", {})) if direct else []


def _known_settings() -> set[str]:
    from escgan.augmenters import Balance
    from escgan.bands import Band
    from escgan.config import REGISTRIES, PipelineConfig
    from escgan.evaluation.scarcity import Scarcity
    from escgan.features.config import FeatureConfig
    from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
    from escgan.studies import STUDIES

    classes: list[type] = [PipelineConfig, FeatureConfig, Band, Balance, Scarcity]
    for registry in (*REGISTRIES, STUDIES):
        classes += registry.values()
    keys = {name for cls in classes for name in getattr(cls, "model_fields", {})}
    for plain in (NetworkConfig, LossWeights, TrainingConfig):
        keys |= set(plain.__dataclass_fields__)
    return keys


def _said_by_pydantic(where: str, fault: Mapping[str, Any]) -> str:
    """Turn its own words round: what stands there, and what it should be."""
    message = str(fault["msg"]).removeprefix("Value error, ")
    _, it_should_be, what = message.partition("Input should be ")
    if it_should_be and where and not isinstance(fault["input"], list | tuple | dict):
        what = re.split(", unable to parse|, got ", what)[0].removeprefix("a valid ")
        what = f"{'an' if what[:1] in 'aeiou' else 'a'} {what}" if what in ("integer", "number", "boolean") else what
        return f"{where} is {_shown(fault['input'])}, and should be {what}."
    where = f"{where}: " if where else ""
    return f"{where}{message[0].lower()}{message[1:]}{'' if message.endswith('.') else '.'}"


def _shown(value: object) -> str:
    """Write a value as YAML would, shortened."""
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 3]}..."


def _one_of(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    known = [tag.strip("'") for tag in ctx["expected_tags"].split(", ")]
    tag = str(ctx["tag"])
    return f"{where} is '{tag}', expected one of: {', '.join(known)}{near_miss(tag, known)}."


def _a_list(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    if isinstance(value, str | int | float):
        shown = value if isinstance(value, str) else _shown(value)
        return f"{where} is one value, and a list is expected: write [{shown}]."
    return f"{where} should be a list."


def _quoted(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return f"{where} is {_shown(value)}, as YAML reads yes, no, on and off: put the word in quotes."
    if isinstance(value, int | float):
        return f"{where} is the number {value}, and a name is expected: put it in quotes."
    return f"{where} should be a text."


def _too_few(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    least, n = ctx["min_length"], ctx.get("actual_length", 0)
    return f"{where} holds {n} where at least {least} {'is' if least == 1 else 'are'} needed."


def _pattern(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    name = _NAME.fullmatch(ctx["pattern"])
    if name:
        others = ", ".join(f"'{sign}'" for sign in name[1])
        return f"{where} is {_shown(value)}: use letters, digits and {others}, a letter or a digit first."
    return f"{where} is {_shown(value)}, and should match {ctx['pattern']}."


def _mapping(where: str, value: object, ctx: Mapping[str, Any]) -> str:
    settings = _settings_of(ctx.get("class_name"))
    told = f" ({', '.join(settings)})" if settings else ""
    return f"{where} should be a mapping of settings{told}, each on a line of its own."


def _settings_of(class_name: str | None) -> Iterable[str]:
    from escgan.bands import Band
    from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig

    for cls in (Band, NetworkConfig, LossWeights, TrainingConfig):
        if cls.__name__ == class_name:
            return [field.name for field in fields(cls)] if is_dataclass(cls) else list(cls.model_fields)
    return []


_SAID: dict[str, Callable[[str, Any, Mapping[str, Any]], str]] = {
    "union_tag_not_found": lambda where, value, ctx: f"{where} does not say its 'kind': add it.",
    "union_tag_invalid": _one_of,
    "missing": lambda where, value, ctx: f"the setting '{where}' is missing: add it.",
    "string_too_long": lambda where, value, ctx: f"{where} has {len(value)} letters: give {ctx['max_length']} at most.",
    "tuple_type": _a_list,
    "list_type": _a_list,
    "string_type": _quoted,
    "too_short": _too_few,
    "string_pattern_mismatch": _pattern,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "dict_type": _mapping,
    "dataclass_type": _mapping,
}
"""What is said of each kind of fault, given its place, what stands there and what pydantic knows besides."""
