"""Settings that hold other settings of a registry which cannot be imported yet when the class is made.

Classifiers import augmenters, and the augmenters' registry imports every augmenter: an augmenter whose settings name
either looks them up when a value is checked, or a form is drawn, for the first time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class LookedUp:
    """Annotation of a field whose settings, or their ``kind`` alone, are checked by an adapter that is made later.

    Errors are the adapter's own, under the field's name.
    """

    adapter: Callable[[], TypeAdapter[Any]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # Without a serializer of its own, a value is written as what it is: with every one of its settings.
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.adapter().core_schema)

    def _check(self, value: Any) -> Any:
        return self.adapter().validate_python({"kind": value} if isinstance(value, str) else value)
