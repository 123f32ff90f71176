"""ESC-GAN as an imbalanced-learn sampler, for arrays and pipelines of scikit-learn's kind."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from imblearn.over_sampling.base import BaseOverSampler
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from escgan.device import choose_device
from escgan.gan.config import LossWeights, NetworkConfig, TrainingConfig
from escgan.layout import rows_layout


class ESCGANSampler(BaseOverSampler):
    """Fill small classes with edits of windows of the others.

    A generator learns to edit a window into another class, a discriminator to judge it; see :mod:`escgan.gan`. Nothing
    but the arrays handed to ``fit_resample`` is seen, so that inside a pipeline only training folds are.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn: "auto" fills every class up to the largest.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is drawn.
    channels : sequence of str or None, default=None
        Names of the electrodes, such as ("Fp1", "Fp2", ...). Columns are then channels times bands, the bands of the
        first channel first, and windows lie on the scalp. Without them, columns are laid on the networks' 9x9 grids in
        their order.
    hidden : int, default=32
        Width of the networks; 128 in the paper.
    epochs, batch_size, learning_rate : int, int, float
        The training loop; the paper's defaults.
    reconstruction, diversity, boundary : float
        Weights of the generator's losses; the paper's defaults.
    delta : float, default=0.0
        An edit is accepted when its realness logit is below this and the discriminator sees the target class.
    fill : bool, default=True
        Take the best of the edits that were not accepted where too few were, so that classes are as large as was asked
        for; otherwise they may stay smaller.
    device : {"auto", "cpu", "cuda", "mps"}, default="cpu"
        Where the networks are trained.

    Attributes
    ----------
    sampling_strategy_ : dict
        How many windows each class lacked.
    n_accepted_ : dict
        How many of the windows made for each class were accepted; the others fill up.
    n_features_in_ : int
        Columns seen.

    Examples
    --------
    >>> import numpy as np
    >>> from escgan import ESCGANSampler
    >>> X = np.random.default_rng(0).standard_normal((60, 8))
    >>> y = np.repeat([0, 1], [45, 15])
    >>> _, classes = ESCGANSampler(hidden=2, epochs=1, random_state=0).fit_resample(X, y)
    >>> np.bincount(classes).tolist()
    [45, 45]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseOverSampler._parameter_constraints,
        "random_state": ["random_state"],
        "channels": ["array-like", None],
        "hidden": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "reconstruction": [Interval(Real, 0, None, closed="left")],
        "diversity": [Interval(Real, 0, None, closed="left")],
        "boundary": [Interval(Real, 0, None, closed="left")],
        "delta": [Real],
        "fill": ["boolean"],
        "device": [StrOptions({"auto", "cpu", "cuda", "mps"})],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        channels: Any = None,
        hidden: int = 32,
        epochs: int = 100,
        batch_size: int = 256,
        learning_rate: float = 1e-4,
        reconstruction: float = 1.0,
        diversity: float = 1.0,
        boundary: float = 5.0,
        delta: float = 0.0,
        fill: bool = True,
        device: str = "cpu",
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state
        self.channels = channels
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.reconstruction = reconstruction
        self.diversity = diversity
        self.boundary = boundary
        self.delta = delta
        self.fill = fill
        self.device = device

    def _fit_resample(self, X: Any, y: NDArray[Any], **params: Any) -> tuple[Any, NDArray[Any]]:
        from escgan.gan.training import train_gan

        dense = X.toarray() if sparse.issparse(X) else X
        classes, labels = np.unique(y, return_inverse=True)
        layout = rows_layout(dense.shape[1], self.channels)
        mean, scale = dense.mean(axis=0), dense.std(axis=0)
        scale = np.where(scale > 0, scale, 1)
        draw = check_random_state(self.random_state)
        seed = int(draw.randint(2**31 - 1))
        grid = layout.to_grid((dense - mean) / scale)
        device = choose_device(self.device)
        self.n_accepted_: dict[Any, int] = {}
        rows, made_labels = [dense], [y]
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n > 0}
        if wanted:
            gan = train_gan(
                grid,
                labels,
                len(classes),
                layout.mask,
                network=NetworkConfig(hidden=self.hidden),
                losses=LossWeights(self.reconstruction, self.diversity, self.boundary),
                training=TrainingConfig(self.epochs, self.batch_size, self.learning_rate),
                seed=seed,
                device=device,
            )
            for label, n in wanted.items():
                edited, accepted = self._edits(gan, grid, y, classes, label, n, draw, device)
                self.n_accepted_[label] = int(accepted)
                rows.append((layout.to_rows(edited) * scale + mean).astype(dense.dtype))
                made_labels.append(np.full(len(edited), label, dtype=y.dtype))
        resampled = np.concatenate(rows)
        return (X.__class__(resampled) if sparse.issparse(X) else resampled), np.concatenate(made_labels)

    def _edits(
        self,
        gan: Any,
        grid: NDArray[np.float32],
        y: NDArray[Any],
        classes: NDArray[Any],
        label: Any,
        n: int,
        draw: np.random.RandomState,
        device: str,
    ) -> tuple[NDArray[np.float32], int]:
        """Return at most n edits into a class, and how many of them were accepted; each window is edited once."""
        from escgan.gan.editing import edit_windows

        # Windows of classes that lack none come first.
        full = ~np.isin(y, [own for own, lacking in self.sampling_strategy_.items() if lacking > 0])
        others = [np.flatnonzero((y != label) & full), np.flatnonzero((y != label) & ~full)]
        order = np.concatenate([draw.permutation(some) for some in others])
        if n > len(order):
            raise ValueError(
                f"{n} windows of class {label!r} were asked for, but there are only {len(order)} windows of other "
                "classes to edit into it: lower sampling_strategy."
            )
        target = int(np.searchsorted(classes, label))
        edits = edit_windows(gan, grid[order], np.full(len(order), target), self.delta, device)
        accepted = np.flatnonzero(edits.accepted)[:n]
        chosen = accepted
        if self.fill and len(accepted) < n:
            rest = np.flatnonzero(~edits.accepted)
            best = rest[np.argsort(-edits.probability[rest, target], kind="stable")]
            chosen = np.concatenate([accepted, best[: n - len(accepted)]])
        return edits.grid[chosen], len(accepted)
