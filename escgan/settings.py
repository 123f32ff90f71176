"""The base of every configuration class: frozen, and closed to unknown keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self, Union

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Settings(BaseModel):
    """A frozen group of settings that rejects keys it does not know.

    Two equal groups dump to equal JSON, which is what cache keys are made of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Named(Settings):
    """Settings that a run may hold several of: tables tell them apart by name."""

    kind: str
    name: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", exclude_if=lambda name: name is None
    )
    """What tables and plots call it, where a run holds two of one kind; its kind when not given."""

    @property
    def label(self) -> str:
        """The name, or the kind where none was given."""
        return self.name or self.kind

    def unnamed(self) -> Self:
        """Return the same without the name, which changes no result and enters no cache key."""
        return self.model_copy(update={"name": None})


class ByName:
    """Annotation: a kind's name alone stands for its settings, in what is parsed as in the schema of forms.

    Parameters
    ----------
    names : iterable of str
        The kinds.
    """

    def __init__(self, names: Iterable[str]):
        self._names = list(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(with_kind, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        by_name = {"type": "string", "enum": self._names, "title": "by its name"}
        return {"anyOf": [handler(core), by_name]}


def any_of(registry: Mapping[str, type[Settings]]) -> Any:
    """Return the type of a setting that takes any kind of a registry.

    YAML, forms and error messages follow from it, so that a new kind is one line in its registry. A type checker, which
    cannot follow, is told the base class in its place.
    """
    return Annotated[Union[tuple(registry.values())], Field(discriminator="kind")]  # noqa: UP007


def with_kind(value: Any) -> Any:
    """Turn a kind's name into its settings, and leave all else as it is.

    >>> with_kind("smote"), with_kind({"kind": "smote", "k": 3})
    ({'kind': 'smote'}, {'kind': 'smote', 'k': 3})
    """
    return {"kind": value} if isinstance(value, str) else value
