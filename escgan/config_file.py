"""A configuration's file as plain values, before anything asks what they mean.

YAML can do more than a configuration needs, and some of it only harm: none of that comes as far as the settings.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from escgan.errors import ConfigError

# The longest shipped configuration has some hundred values. Seeds and counts are integers of the machine.
_MOST_VALUES = 20_000
_MOST_BITS = 64
_MERGE, _EQUALS = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"


class _GivenTwice(yaml.YAMLError):
    """A mapping has two equal keys."""


class _Loader(yaml.SafeLoader):
    """YAML without objects, equal keys, and the merges (``<<``) of merges that ten lines make billions of."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        # Looked at before merges put other mappings' keys beside a mapping's own, which are meant to differ from them.
        lines: dict[Hashable, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag in (_MERGE, _EQUALS):
                continue
            line, first = key.start_mark.line + 1, lines.get(self.construct_object(key))
            if first is not None:
                where = f"at line {line}" if line == first else f"at lines {first} and {line}"
                raise _GivenTwice(f"gives '{key.value}' twice {where}")
            lines[self.construct_object(key)] = line
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > _MOST_VALUES:
            raise yaml.constructor.ConstructorError(
                None, None, f"merges have made more than {_MOST_VALUES} settings", node.start_mark
            )


def read_settings(path: Path) -> dict[Any, Any]:
    """Read a configuration's file.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no YAML mapping, gives a setting twice, or holds what no setting can be.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as cause:
        raise ConfigError(f"Configuration '{path}' cannot be read: {cause.strerror}; check the path.") from cause
    except UnicodeDecodeError as cause:
        raise ConfigError(f"Configuration '{path}' is not UTF-8 text: is it the right file?") from cause
    except _GivenTwice as cause:
        raise ConfigError(f"Configuration '{path}' {cause}: keep one of them.") from cause
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"Configuration '{path}' is not valid YAML{where}: check its indentation.") from cause
    except (ValueError, OverflowError, RecursionError) as cause:
        # A number of thousands of digits, a date that does not exist, brackets in thousands of brackets.
        raise ConfigError(f"Configuration '{path}' holds what no setting can be ({cause}): correct it.") from cause
    if not isinstance(values, dict):
        raise ConfigError(f"Configuration '{path}' holds no settings: give dataset, augmenters and classifiers.")
    refuse_absurd(values, str(path))
    return values


def refuse_absurd(values: Any, source: str) -> None:
    """Refuse what would take all memory or cannot be written down again, before anything looks at single settings.

    YAML's aliases let ten lines stand for billions of values, or a list hold itself.
    """
    count, waiting = 0, [values]
    while waiting:
        value = waiting.pop()
        count += 1
        if count > _MOST_VALUES:
            raise ConfigError(
                f"In {source}: the settings are more than {_MOST_VALUES} values, aliases followed: write fewer."
            )
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            waiting += value
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise ConfigError(f"In {source}: a number has {value.bit_length()} bits: give one of {_MOST_BITS} at most.")
