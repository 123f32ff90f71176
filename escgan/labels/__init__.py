"""From ratings or conditions to classes, one definition a file.

Labels are a view of what the subject said, not data: the tables carry the ratings, and a labelling is applied
where windows are gathered. So switching from valence to arousal recomputes no signal and no feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from escgan.labels.base import LEFT_OUT, Labelling
from escgan.labels.conditions import ConditionLabels
from escgan.labels.presence import refuse_absent_classes
from escgan.labels.quadrants import QuadrantLabels
from escgan.labels.tertiles import TertileLabels
from escgan.labels.threshold import ThresholdLabels
from escgan.settings import any_of

__all__ = [
    "LABELS",
    "LEFT_OUT",
    "ConditionLabels",
    "LabelConfig",
    "Labelling",
    "QuadrantLabels",
    "TertileLabels",
    "ThresholdLabels",
    "refuse_absent_classes",
]

LABELS: dict[str, type[Labelling]] = {
    "classes": ConditionLabels,
    "quadrants": QuadrantLabels,
    "tertiles": TertileLabels,
    "threshold": ThresholdLabels,
}

if TYPE_CHECKING:
    LabelConfig = Labelling
else:
    LabelConfig = any_of(LABELS)
