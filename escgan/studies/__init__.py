"""Studies, the published experiments and their kin: one file each, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from escgan.errors import ConfigError
from escgan.settings import any_of
from escgan.studies.ablation import AblationStudy
from escgan.studies.balance import BalanceStudy
from escgan.studies.base import Study, StudyResults, Variant
from escgan.studies.compare import CompareStudy
from escgan.studies.fidelity import FidelityStudy
from escgan.studies.hard_case import HardCaseStudy
from escgan.studies.learning_curve import LearningCurveStudy
from escgan.studies.robustness import RobustnessStudy

STUDIES: dict[str, type[Study]] = {
    "compare": CompareStudy,
    "hard_case": HardCaseStudy,
    "robustness": RobustnessStudy,
    "ablation": AblationStudy,
    "fidelity": FidelityStudy,
    "learning_curve": LearningCurveStudy,
    "balance": BalanceStudy,
}

if TYPE_CHECKING:
    StudyConfig = Study
else:
    StudyConfig = any_of(STUDIES)


def parse_study(kind: str, options: dict[str, Any], source: str = "the configuration") -> StudyConfig:
    """Build a study from its options; raises ConfigError with one sentence for the first fault."""
    from escgan.config_faults import explain

    if kind not in STUDIES:
        raise ConfigError(f"There is no study '{kind}': expected one of {', '.join(STUDIES)}.")
    try:
        built: StudyConfig = TypeAdapter(StudyConfig).validate_python({**options, "kind": kind})
        return built
    except ValidationError as error:
        raise ConfigError(explain(error, source).replace(f"'{kind}.", f"'studies.{kind}.")) from error


__all__ = [
    "STUDIES",
    "FidelityStudy",
    "RobustnessStudy",
    "Study",
    "StudyConfig",
    "StudyResults",
    "Variant",
    "parse_study",
]
