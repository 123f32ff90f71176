"""Every figure of the report: functions of the data that return a matplotlib ``Figure`` each."""

from escgan.report.figures_edits import edit_panels
from escgan.report.figures_recordings import class_balance, spectra
from escgan.report.figures_scalp import scalp_maps
from escgan.report.figures_scores import confusions, forest, paired_scores, recalls
from escgan.report.figures_training import acceptance, losses

__all__ = [
    "acceptance",
    "class_balance",
    "confusions",
    "edit_panels",
    "forest",
    "losses",
    "paired_scores",
    "recalls",
    "scalp_maps",
    "spectra",
]
