"""How many subjects it takes: scores over the number of training subjects."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from escgan.config import PipelineConfig
from escgan.studies.base import Variant
from escgan.studies.sweeps import Sweep


class LearningCurveStudy(Sweep):
    """Let fewer subjects train; those of a smaller number are among those of a larger one."""

    title: ClassVar[str] = "learning curve over the number of training subjects"
    columns: ClassVar[tuple[str, ...]] = ("training subjects",)
    axis: ClassVar[str] = "training subjects"
    kind: Literal["learning_curve"] = "learning_curve"
    n_subjects: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(2, 4, 8), min_length=1)
    """Numbers of training subjects."""

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return a variant a number."""
        return tuple(
            Variant({"training subjects": n}, experiment.model_copy(update={"training_subjects": n}))
            for n in sorted(set(self.n_subjects))
        )
