"""What a node of the configuration's JSON schema allows, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Node = Mapping[str, Any]

_BOUNDS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}


def described(node: Node, link: Callable[[str], str]) -> str:
    """Say what a setting may be; ``link`` gives the Markdown link to a group of settings by its definition.

    >>> described({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, str)
    'number above 0, at most 1'
    >>> described({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, str)
    'list of text, or null'
    """
    if "const" in node:
        return f"`{json.dumps(node['const'])}`"
    if "enum" in node:
        return _listed([f"`{value}`" for value in node["enum"]])
    if "$ref" in node:
        return link(node["$ref"].rsplit("/", 1)[-1])
    if "oneOf" in node:
        return _listed([described(part, link) for part in node["oneOf"]])
    if "anyOf" in node:
        # A kind by its name alone stands for its settings: said once, at the head of the pages.
        parts = [part for part in node["anyOf"] if part.get("title") != "by its name"]
        null = [part for part in parts if part.get("type") == "null"]
        said = [described(part, link) for part in parts if part not in null]
        return ", or ".join([*said, *("null" for _ in null)])
    if node.get("type") == "array":
        if "prefixItems" in node:
            return f"{len(node['prefixItems'])} values: " + ", ".join(described(p, link) for p in node["prefixItems"])
        return f"list of {described(node.get('items', {}), link)}"
    if node.get("type") == "object":
        values = node.get("additionalProperties")
        return f"mapping of names to {described(values, link)}" if isinstance(values, dict) else "mapping"
    if "type" not in node:
        return "any value"
    bounds = [f"{words} {node[bound]:g}" for bound, words in _BOUNDS.items() if bound in node]
    return " ".join([_TYPES[node["type"]], ", ".join(bounds)]).strip()


def default_of(node: Node, required: bool) -> str:
    """Say what a setting is where none is given."""
    if required:
        return "required"
    if "default" not in node:
        return "no default"
    value = node["default"]
    if isinstance(value, dict) and list(value) == ["kind"]:
        value = value["kind"]
    return f"default `{json.dumps(value, ensure_ascii=False)}`"


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" or {parts[-1]}" if len(parts) > 1 else parts[0]
