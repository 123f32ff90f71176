"""The hard case: one class is made scarce on the training side, more and more."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.evaluation.scarcity import Scarcity
from escgan.evaluation.significance import SIMPLE_RIVALS
from escgan.studies.base import StudyResults, Variant
from escgan.studies.sweeps import Sweep


class HardCaseStudy(Sweep):
    """Keep a share of one class' (or quadrant's) training windows, as in the ESC-GAN paper, and see who still finds it.

    Only the training side loses windows, and before anything is computed from them: normalisation, too, knows only what
    is left.
    """

    title: ClassVar[str] = "hard case: a class made scarce on the training side"
    columns: ClassVar[tuple[str, ...]] = ("keep",)
    axis: ClassVar[str] = "share of the class' training windows that is kept"
    kind: Literal["hard_case"] = "hard_case"
    label: str
    """The class that is made scarce; with labels of kind quadrants, a quadrant."""
    keep: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(default=(0.1, 0.2, 0.3, 0.4, 0.5), min_length=1)
    """Shares of its training windows that are kept; 1 is the whole."""
    rivals: tuple[str, ...] = (*SIMPLE_RIVALS, "smote", "mean_shift")
    """What the other augmenters are held against: the best of those that the experiment lists."""

    @property
    def held_against(self) -> tuple[str, ...]:
        """The simple rivals and whatever else was chosen."""
        return self.rivals

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return a variant a share."""
        if self.label not in experiment.labels.class_names:
            expected = ", ".join(experiment.labels.class_names)
            raise ConfigError(f"hard_case.label is '{self.label}', expected one of: {expected}.")
        return tuple(
            Variant(
                {"keep": keep},
                experiment.model_copy(update={"scarcity": Scarcity(label=self.label, keep=keep) if keep < 1 else None}),
            )
            for keep in sorted(set(self.keep))
        )

    def more_columns(self, results: StudyResults) -> tuple[str, ...]:
        """Name the recall of the scarce class: what the paper calls the control quadrant's accuracy."""
        return (f"recall: {self.label}",)
