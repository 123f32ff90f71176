"""The base of every configuration class: frozen, and closed to unknown keys."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field


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
