"""How a trained network stands perturbations of its test windows that were made to mislead it.

The attacks are those of the ESC-GAN paper (Zhang, Zhong and Liu 2024), as adversarial-robustness-toolbox makes them:
FGSM (Goodfellow et al. 2015, arXiv:1412.6572), PGD (Madry et al. 2018, arXiv:1706.06083) and DeepFool
(Moosavi-Dezfooli et al. 2016, arXiv:1511.04599). They know the network's weights and the windows' true labels. A
perturbation is in the units of the network's inputs: those of the windows on the scalp grid (z-scores, where the run
normalises) for ``cnn``, deviations of the training windows for the networks on channels. Cells of the grid outside the
electrodes' hull hold nothing and are never touched.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from escgan.classifiers import CLASSIFIERS, Model
from escgan.classifiers.base import DifferentiableModel
from escgan.errors import ConfigError
from escgan.evaluation.scores import METRICS
from escgan.extras import need_package
from escgan.settings import Settings
from escgan.windows import WindowSet

if TYPE_CHECKING:
    from torch import Tensor, nn

Attack = Literal["fgsm", "pgd", "deepfool"]

_METRICS = ("accuracy", "balanced_accuracy", "auroc")
# Windows attacked at once; each is attacked by itself.
_BATCH = 256


class RobustnessConfig(Settings):
    """Which attacks a network has to stand; the defaults suit z-scored windows."""

    attacks: tuple[Attack, ...] = Field(default=("fgsm", "pgd", "deepfool"), min_length=1)
    """FGSM makes one step, PGD several, both as far as epsilon allows; DeepFool goes as far as it must."""
    epsilons: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(0.01, 0.03, 0.1, 0.3), min_length=1)
    """How much FGSM and PGD may change each value of an input (the L-infinity norm of the perturbation)."""
    pgd_steps: int = Field(default=10, ge=1)
    """Steps of PGD, 10 in the paper."""
    pgd_step: float = Field(default=0.25, gt=0, le=1)
    """A step of PGD as a share of epsilon; the steps together should be able to reach epsilon."""
    deepfool_steps: int = Field(default=50, ge=1)
    """Most steps of DeepFool."""
    deepfool_overshoot: float = Field(default=0.02, ge=0)
    """How much farther than to the boundary DeepFool goes, as a share of the way there; 0.02 in its paper."""


def attack_windows(
    model: Model, windows: WindowSet, attack: Attack, epsilon: float | None, config: RobustnessConfig
) -> NDArray[np.float32]:
    """Perturb windows so that a model misjudges them.

    FGSM and PGD perturb every window, away from its true label. DeepFool perturbs the windows that the model judges
    right, until it does not; the others fool it as they are. Nothing is drawn: the same model and windows give the
    same result.

    Parameters
    ----------
    epsilon
        Bound of FGSM and PGD; DeepFool has none.

    Returns
    -------
    The network's perturbed inputs, of the shape of ``model.inputs(windows)``.

    Raises
    ------
    ConfigError
        If the model is no network, FGSM or PGD are given no epsilon, or adversarial-robustness-toolbox is not there.
    """
    network = check_attackable(model)
    inputs = network.inputs(windows)
    if attack == "deepfool":
        return _deepfool(network, inputs, windows.labels, config)
    if epsilon is None:
        raise ConfigError(f"Attack '{attack}' needs an epsilon, the most that it may change a value: give one.")
    return inputs if epsilon == 0 else _within(network, inputs, windows.labels, attack, epsilon, config)


def measure_robustness(model: Model, windows: WindowSet, config: RobustnessConfig) -> pd.DataFrame:
    """Score a model on test windows as they are, and under each attack.

    Returns
    -------
    pandas.DataFrame
        A row for each attack, epsilon and level: all windows (``level`` fold), and each subject's (``level`` subject).
        Columns: attack (``none`` for the windows as they are), epsilon (0 for these, NaN for DeepFool), level, subject
        (missing on the fold's row), n_windows, accuracy, balanced_accuracy, auroc, mean_l2 (length of the perturbation)
        and mean_relative_l2 (the same as a share of the input's length). DeepFool's lengths are means over the windows
        that the model judges right without it, those of the others over all windows; NaN where there is none.

    Raises
    ------
    ConfigError
        See :func:`attack_windows`.
    """
    network = check_attackable(model)
    inputs = network.inputs(windows)
    untouched = model.predict_proba(windows)
    nothing = np.zeros(len(inputs))
    rows = _rows({"attack": "none", "epsilon": 0.0}, windows, untouched, nothing, nothing)
    right = untouched.argmax(axis=1) == windows.labels
    length = np.linalg.norm(inputs.reshape(len(inputs), -1).astype(np.float64), axis=1)
    for attack in config.attacks:
        for epsilon in (None,) if attack == "deepfool" else config.epsilons:
            attacked = attack_windows(model, windows, attack, epsilon, config)
            change = (attacked - inputs).reshape(len(inputs), -1).astype(np.float64)
            distance = np.linalg.norm(change, axis=1)
            if attack == "deepfool":
                distance[~right] = np.nan
            # An input of zeros has no length to compare with.
            relative = np.divide(distance, length, out=np.full(len(inputs), np.nan), where=length > 0)
            named = {"attack": attack, "epsilon": float("nan") if epsilon is None else epsilon}
            rows += _rows(named, windows, network.probability(attacked), distance, relative)
    return pd.DataFrame(rows).astype({"attack": "str", "level": "str", "subject": "str"})


def check_attackable(model: Model) -> DifferentiableModel:
    """Return the model as a network.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if isinstance(model, DifferentiableModel):
        return model
    networks = [kind for kind, classifier in CLASSIFIERS.items() if classifier.differentiable]
    raise ConfigError(
        "Attacks need the gradient of a network, which this model does not have: choose one of the classifiers "
        f"{', '.join(networks)}, without a moved threshold."
    )


def _within(
    model: DifferentiableModel,
    inputs: NDArray[np.float32],
    labels: NDArray[np.int64],
    attack: Attack,
    epsilon: float,
    config: RobustnessConfig,
) -> NDArray[np.float32]:
    """Perturb all inputs by at most epsilon in each value, by FGSM or PGD."""
    _import_art()
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescent

    # A class that training did not hold has no score whose loss could be raised; such a window is misjudged anyway.
    known = np.isin(labels, model.present)
    aim = np.where(known, labels, model.probability(inputs).argmax(axis=1))
    y = np.searchsorted(model.present, aim)
    target = _estimator(model, inputs)
    if attack == "fgsm":
        made = FastGradientMethod(target, norm=np.inf, eps=epsilon, batch_size=_BATCH)
    else:
        made = ProjectedGradientDescent(
            target,
            norm=np.inf,
            eps=epsilon,
            eps_step=config.pgd_step * epsilon,
            max_iter=config.pgd_steps,
            batch_size=_BATCH,
            verbose=False,
        )
    return made.generate(inputs, y)


def _deepfool(
    model: DifferentiableModel, inputs: NDArray[np.float32], labels: NDArray[np.int64], config: RobustnessConfig
) -> NDArray[np.float32]:
    """Move the inputs that are judged right over the nearest boundary."""
    _import_art()
    from art.attacks.evasion import DeepFool

    attacked = inputs.copy()
    right = np.flatnonzero(model.probability(inputs).argmax(axis=1) == labels)
    if len(right):
        made = DeepFool(
            _estimator(model, inputs),
            max_iter=config.deepfool_steps,
            epsilon=config.deepfool_overshoot,
            nb_grads=len(model.present),
            batch_size=_BATCH,
            verbose=False,
        )
        attacked[right] = made.generate(inputs[right])
    return attacked


def _estimator(model: DifferentiableModel, inputs: NDArray[np.float32]) -> Any:
    """Wrap a copy of the network, which attacking would otherwise leave gradients in, for the toolbox."""
    from art.estimators.classification import PyTorchClassifier

    device = next(model.network.parameters()).device.type
    return PyTorchClassifier(
        _attacked(model),
        _odds_against,
        inputs.shape[1:],
        len(model.present),
        device_type="gpu" if device == "cuda" else "cpu",
    )


def _attacked(model: DifferentiableModel) -> nn.Module:
    import torch
    from torch import nn

    class Attacked(nn.Module):
        """The network in what counts: the values that windows decide, and the classes that training held."""

        mask: Tensor
        present: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.network = deepcopy(model.network).requires_grad_(False)
            self.register_buffer("mask", torch.from_numpy(model.mask.astype(np.float32)))
            self.register_buffer("present", torch.from_numpy(model.present))

        def forward(self, x: Tensor) -> Tensor:
            # Masking the input masks its gradient, for every attack alike.
            return self.network(x * self.mask)[:, self.present]

        def train(self, mode: bool = True) -> Attacked:
            """Stay in eval mode: attacks meet the network that predicts."""
            super().train(False)
            return self

    return Attacked().eval()


def _odds_against(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the summed log-odds against the labels, of scores and one-hot labels ``(B, n_present)``.

    It grows with the cross-entropy, log(1 + odds), and its gradient has the same direction. That of the cross-entropy
    is rounded to 0 where a network is sure of itself, which would then pass for robust.
    """
    own = labels > 0.5
    others = scores.masked_fill(own, float("-inf")).logsumexp(dim=1)
    return (others - (scores * own).sum(dim=1)).sum()


def _import_art() -> None:
    need_package("Study 'robustness'", "adversarial-robustness-toolbox", "art", extra="study")
    import art.attacks.evasion.deepfool as deepfool

    deepfool.logger.addFilter(_about_pictures)


def _about_pictures(record: logging.LogRecord) -> bool:
    """Let pass what is logged but for a warning that perturbations are scaled for pictures, whose values have a range.

    Without such a range they are not scaled at all.
    """
    return "clip_values" not in record.msg


def _rows(
    named: dict[str, Any],
    windows: WindowSet,
    probability: NDArray[np.float64],
    distance: NDArray[np.float64],
    relative: NDArray[np.float64],
) -> list[dict[str, Any]]:
    subjects = windows.subjects.astype(str)
    parts: list[tuple[str, str | None, NDArray[np.bool_]]] = [("fold", None, np.ones(len(windows), bool))]
    parts += [("subject", str(name), subjects == name) for name in np.unique(subjects)]
    rows = []
    for level, subject, own in parts:
        truth, judged = windows.labels[own], probability[own]
        row = {**named, "level": level, "subject": subject, "n_windows": len(truth)}
        row |= {name: METRICS[name](truth, judged.argmax(axis=1), judged) for name in _METRICS}
        rows.append(row | {"mean_l2": _mean(distance[own]), "mean_relative_l2": _mean(relative[own])})
    return rows


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
