"""The whole experiment as one frozen object, read from YAML.

Only science stands here: everything in it enters cache keys. Where the store lies, on which device and with how
many workers it runs, is said on the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from escgan.augmenters import AUGMENTERS, AugmenterConfig, Balance, GeneratingAugmenter
from escgan.classifiers import CLASSIFIERS, ClassifierConfig
from escgan.config_faults import explain
from escgan.config_file import read_settings, refuse_absurd
from escgan.datasets import DATASETS, DatasetConfig, FeatureCorpus, SignalCorpus
from escgan.errors import ConfigError
from escgan.evaluation.protocols import PROTOCOLS, ProtocolConfig
from escgan.evaluation.protocols.leave_one_subject_out import LeaveOneSubjectOut
from escgan.evaluation.scarcity import Scarcity
from escgan.evaluation.significance import SIMPLE_RIVALS
from escgan.features.config import FeatureConfig
from escgan.features.smoothing import SMOOTHING
from escgan.labels import LABELS, LabelConfig
from escgan.normalization import Normalization
from escgan.preprocessing import PREPROCESSORS, PreprocessingStep
from escgan.settings import ByName, Settings, with_kind

if TYPE_CHECKING:
    from escgan.studies import StudyConfig

REGISTRIES: tuple[dict[str, Any], ...] = (
    DATASETS, PREPROCESSORS, LABELS, SMOOTHING, PROTOCOLS, AUGMENTERS, CLASSIFIERS,
)  # fmt: skip


def _without_corpus_defaults(schema: dict[str, Any]) -> None:
    """Let forms leave out what the corpus decides."""
    schema["required"] = [name for name in schema["required"] if name not in ("preprocessing", "features", "labels")]


class PipelineConfig(Settings):
    """An experiment: corpus, features, augmenters, classifiers and the protocol that judges them."""

    model_config = ConfigDict(json_schema_extra=_without_corpus_defaults)

    # Files are called by it and by what belongs to it, and no file system takes more than 255 letters.
    name: str = Field(default="experiment", max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What the report is called; 100 letters at most."""
    dataset: Annotated[DatasetConfig, ByName(DATASETS)]
    """The corpus."""
    subjects: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Subjects that take part, by the corpus' own names; all that the folder holds when not given."""
    preprocessing: tuple[Annotated[PreprocessingStep, ByName(PREPROCESSORS)], ...]
    """Steps on the continuous signal, in order; the corpus' usual ones when not given."""
    features: FeatureConfig | None
    """What is measured in which windows; the corpus' usual bands and window when not given, and none for a corpus that
    is distributed as features."""
    labels: Annotated[LabelConfig, ByName(LABELS)]
    """How ratings or conditions become classes; the corpus' usual ones when not given."""
    normalization: Normalization = "per_subject"
    """``none``, ``global`` (training windows' moments), ``per_subject`` (each subject's own; transductive) or ``coral``
    (per subject, and then the covariance that training subjects have in common; transductive)."""
    protocol: Annotated[ProtocolConfig, ByName(PROTOCOLS)] = LeaveOneSubjectOut()
    """How subjects are split into training and test."""
    augmenters: tuple[Annotated[AugmenterConfig, ByName(AUGMENTERS)], ...] = Field(min_length=1)
    """What is compared."""
    classifiers: tuple[Annotated[ClassifierConfig, ByName(CLASSIFIERS)], ...] = Field(min_length=1)
    """What each augmenter's windows are judged with."""
    balance: Balance = Balance()
    """How far minority classes are filled up."""
    scarcity: Scarcity | None = None
    """A class that is made scarce on the training side; none when not given."""
    training_subjects: int | None = Field(default=None, ge=1)
    """How many of a fold's training subjects take part, drawn anew for each fold and seed; all when not given."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Every fold is run once with each seed; scores are averaged over seeds before testing."""
    on_bad_recording: Literal["stop", "skip"] = "stop"
    """Whether a recording that cannot be used stops the run or is left out and named in the report."""

    @model_validator(mode="before")
    @classmethod
    def _corpus_defaults(cls, values: Any) -> Any:
        """Fill in what the corpus usually takes, so that the object, and every key, says all of it."""
        if not isinstance(values, dict) or "dataset" not in values:
            return values
        values = {**values, "dataset": with_kind(values["dataset"])}
        corpus: Any = TypeAdapter(DatasetConfig).validate_python(values["dataset"])
        if isinstance(corpus, SignalCorpus):
            usual = {
                "bands": corpus.default_bands,
                "window_s": corpus.default_window_s,
                "baseline": corpus.default_baseline,
            }
            given = values.get("features") or {}
            values["features"] = {**usual, **given} if isinstance(given, dict) else given
        else:
            values.setdefault("features", None)
        if values.get("preprocessing") is None:
            values["preprocessing"] = corpus.default_preprocessing() if isinstance(corpus, SignalCorpus) else ()
        if values.get("labels") is None:
            values["labels"] = corpus.default_labels()
        return values

    @model_validator(mode="after")
    def _distributed_features_are_used_as_they_are(self) -> PipelineConfig:
        if isinstance(self.dataset, FeatureCorpus):
            for field in ("preprocessing", "features"):
                if getattr(self, field):
                    raise ValueError(
                        f"corpus '{self.dataset.kind}' is distributed as features, so {field} has nothing to work on: "
                        "remove it."
                    )
        return self

    @model_validator(mode="after")
    def _labels_differ(self) -> PipelineConfig:
        # Augmenters and classifiers are told apart by label in every table.
        for field, registry in (("augmenters", AUGMENTERS), ("classifiers", CLASSIFIERS)):
            labels = [item.label for item in getattr(self, field)]
            twice = next((label for label in labels if labels.count(label) > 1), None)
            if twice:
                raise ValueError(f"{field} lists '{twice}' twice: list each once, or give one of them a name.")
            for item in getattr(self, field):
                if item.name in registry and item.name != item.kind:
                    raise ValueError(f"{field} calls '{item.kind}' by the name of another, '{item.name}': rename it.")
                if item.name and item.kind in SIMPLE_RIVALS and item.name != item.kind:
                    # Verdicts look for them by their kind.
                    raise ValueError(f"{field} renames '{item.kind}', which verdicts compare with: remove its name.")
        if self.scarcity and self.scarcity.label not in self.labels.class_names:
            expected = ", ".join(self.labels.class_names)
            raise ValueError(f"scarcity.label is '{self.scarcity.label}', expected one of: {expected}.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds lists a number twice in {list(self.seeds)}: list each once.")
        return self

    @property
    def generating(self) -> tuple[GeneratingAugmenter, ...]:
        """The augmenters that make windows."""
        return tuple(a for a in self.augmenters if isinstance(a, GeneratingAugmenter))

    def to_yaml(self) -> str:
        """Write the full configuration, defaults included."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def load_config(path: Path | str) -> PipelineConfig:
    """Read a configuration from YAML.

    Raises
    ------
    ConfigError
        If the file cannot be read, or something in it does not exist or cannot work.
    """
    return load_experiment(path)[0]


def load_experiment(path: Path | str) -> tuple[PipelineConfig, dict[str, StudyConfig]]:
    """Read a configuration from YAML, and the studies that its section ``studies`` has options for.

    Raises
    ------
    ConfigError
        As :func:`load_config`.
    """
    from escgan.studies import parse_study

    path = Path(path)
    values = read_settings(path)
    studies = values.pop("studies", None) or {}
    if not isinstance(studies, dict) or not all(isinstance(own, dict) for own in studies.values()):
        raise ConfigError(f"In {path}: studies holds each study's options below its name, such as `compare: {{}}`.")
    config = parse_config(values, str(path))
    return config, {kind: parse_study(kind, options, str(path)) for kind, options in studies.items()}


def parse_config(values: dict[str, Any], source: str = "the configuration") -> PipelineConfig:
    """Build a configuration from plain values; raises ConfigError with one sentence for the first fault."""
    refuse_absurd(values, source)
    try:
        return PipelineConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(explain(error, source)) from error
    except ConfigError as error:
        raise ConfigError(f"In {source}: {error}") from error
