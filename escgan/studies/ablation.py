"""What each part of ESC-GAN is good for: it is trained again without one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from escgan.augmenters.escgan import EscganAugmenter
from escgan.config import PipelineConfig
from escgan.errors import ConfigError
from escgan.studies.base import Study, StudyResults, Variant
from escgan.studies.summary import outcome_sentences, score_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class AblationStudy(Study):
    """Take the experiment's first ESC-GAN apart, and hold what is left against the whole.

    Without control the generator does not know the target; without diversity, boundary and reconstruction those losses
    weigh nothing; without filter every edit is accepted.
    """

    title: ClassVar[str] = "ablation of ESC-GAN"
    columns: ClassVar[tuple[str, ...]] = ()
    kind: Literal["ablation"] = "ablation"

    @property
    def held_against(self) -> tuple[str, ...]:
        """The whole method alone."""
        return ("escgan",)

    def variants(self, experiment: PipelineConfig) -> tuple[Variant, ...]:
        """Return one experiment, with ``none``, the whole method and each of its ablations."""
        whole = next((a for a in experiment.augmenters if isinstance(a, EscganAugmenter)), None)
        if whole is None:
            raise ConfigError(
                f"The ablation takes ESC-GAN apart, and {experiment.name} has none: add escgan to augmenters."
            )
        nothing = tuple(a for a in experiment.augmenters if a.kind == "none")
        parts = tuple(ablated.model_copy(update={"name": name}) for name, ablated in ablations(whole.unnamed()).items())
        return (Variant({}, experiment.model_copy(update={"augmenters": (*nothing, whole.unnamed(), *parts)})),)

    def table(self, results: StudyResults) -> pd.DataFrame:
        """Return a row a classifier and ablation."""
        return score_rows(results.scores, results.comparisons, self.columns)

    def figure(self, results: StudyResults) -> Figure:
        """Draw balanced accuracy as dots."""
        from escgan.studies.figures import score_dots

        return score_dots(results.scores.assign(method="mean, 95 % interval"), "method")

    def sentences(self, results: StudyResults) -> tuple[str, ...]:
        """Count the outcomes against the whole method and name those that are decided."""
        return outcome_sentences(results.comparisons, self.columns)


def ablations(whole: EscganAugmenter) -> dict[str, EscganAugmenter]:
    """Return ESC-GAN without each of its parts that it has, by what is missing."""
    changes: dict[str, dict[str, object]] = {
        "no-control": {"network": replace(whole.network, control=False)},
        "no-diversity": {"losses": replace(whole.losses, diversity=0.0)},
        "no-boundary": {"losses": replace(whole.losses, boundary=0.0)},
        "no-reconstruction": {"losses": replace(whole.losses, reconstruction=0.0)},
        "no-filter": {"acceptance": "none"},
    }
    made = {name: whole.model_copy(update=change) for name, change in changes.items()}
    return {f"escgan-{name}": ablated for name, ablated in made.items() if ablated != whole}
