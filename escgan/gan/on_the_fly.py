"""Edits made while a classifier trains: each pass over the windows sees other ones.

Edits that are made beforehand are learned by heart like any other window. Here a trained GAN edits a share of each
batch's windows when they are asked for, and the edits that its discriminator accepts stand in the windows' place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, default_collate, get_worker_info

from escgan.errors import ConfigError
from escgan.gan.editing import edit_windows
from escgan.seeds import derive_seed

if TYPE_CHECKING:
    from escgan.gan.training import Gan

Target = Literal["rare", "other"] | int


class Layout(Protocol):
    """How rows of numbers lie on the networks' grids, such as :func:`escgan.layout.rows_layout` gives."""

    def to_grid(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Lay ``(n, n_columns)`` on ``(n, n_bands, 9, 9)``."""

    def to_rows(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Read ``(n, n_columns)`` back."""


class EditTransform:
    """Edit some windows of a batch into other classes: ``(x, y)`` to ``(x, y)``.

    An edit is accepted as in :func:`escgan.gan.edit_windows`; where it is not, the window stays as it is. All edits of
    a batch are one pass through the networks.

    Parameters
    ----------
    gan
        A trained GAN. Windows come on the scale that it was trained on. In a :class:`~torch.utils.data.DataLoader`'s
        workers it stays on the CPU.
    target
        The class that a window is edited into. ``rare``: windows of classes with more than their equal share are edited
        into those with less, in proportion to what these lack, and none beyond the equal share. ``other``: any other
        class with equal chance. A number: that class.
    p
        Probability that a window is edited; with ``rare`` the largest, as fewer may be enough: with ``p=1`` classes
        come out equal, on average and but for edits that are not accepted.
    delta
        An edit is accepted only when its realness logit is below this.
    counts
        ``(n_classes,)`` windows of each class among those that training draws from, for ``rare``; those of each batch
        where they are not given.
    layout
        For rows ``(B, n_columns)``: how they lie on the grid.
    seed
        Seed of what is drawn, which derives from (seed, epoch, number of the batch in its epoch). Batches are counted
        over all workers, which take turns, so that their number makes no difference.
    device
        Where the networks are applied.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from escgan.gan import EditTransform, NetworkConfig
    >>> from escgan.gan.training import build_gan
    >>> gan = build_gan(n_bands=2, n_classes=2, mask=np.ones((9, 9), bool), network=NetworkConfig(hidden=2))
    >>> edit = EditTransform(gan, target=1, p=0.5, delta=float("inf"))
    >>> x, y = torch.zeros(8, 2, 9, 9), torch.zeros(8, dtype=torch.int64)
    >>> for epoch in range(2):
    ...     edit.set_epoch(epoch)
    ...     edited, labels = edit(x, y)
    >>> edited.shape, labels.shape
    (torch.Size([8, 2, 9, 9]), torch.Size([8]))

    Raises
    ------
    ConfigError
        If ``p`` is no probability, the target no class of the GAN, or the counts are not one a class.
    """

    def __init__(
        self,
        gan: Gan,
        *,
        target: Target = "rare",
        p: float = 0.5,
        delta: float = 0.0,
        counts: Sequence[int] | NDArray[np.int64] | None = None,
        layout: Layout | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.gan = gan
        self.n_classes = gan.discriminator.n_classes
        self.target = target
        self.p = float(p)
        self.delta = float(delta)
        self.counts = None if counts is None else torch.as_tensor(np.asarray(counts, np.int64))
        self.layout = layout
        self.seed = seed
        self.device = device
        _check(self)
        # In shared memory: workers that outlive an epoch see the next one's number.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        self._called = (0, 0)

    def set_epoch(self, epoch: int) -> None:
        """Say which pass over the windows begins; without it, a loader's workers draw what they drew before."""
        self._epoch.fill_(epoch)
        self._called = (epoch, 0)

    @property
    def epoch(self) -> int:
        """The pass over the windows."""
        return int(self._epoch)

    def __call__(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return a batch in which some windows are edited; the batch handed over stays as it is.

        Parameters
        ----------
        x
            ``(B, n_bands, 9, 9)``, or ``(B, n_columns)`` with a layout.
        y
            ``(B,)`` classes.
        """
        stream = torch.Generator().manual_seed(derive_seed(self.seed, "edits", self.epoch, self._batch_number()))
        return self.edit(x, y, torch.rand(len(y), 2, generator=stream, dtype=torch.float64))

    def collate(self, samples: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Join samples ``(window, class)`` into a batch and edit it: a loader's ``collate_fn``."""
        return self(*default_collate(list(samples)))

    def edit(self, x: Tensor, y: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
        """Edit a batch by numbers drawn elsewhere, ``(B, 2)`` in [0, 1): one for whether, one for into which class."""
        label = y.detach().cpu().to(torch.int64)
        counts = torch.bincount(label, minlength=self.n_classes) if self.counts is None else self.counts
        ends = self._chances(counts)[label].cumsum(dim=1)
        rows = torch.nonzero(draws[:, 0] < ends[:, -1]).squeeze(1)
        if not len(rows):
            return x, y
        # The classes share a line, each as much as its chance; from (0, 1], so that those without one are not hit.
        target = ((1 - draws[:, 1:]) * ends[:, -1:] > ends).sum(dim=1)[rows]
        own = x.detach()[rows.to(x.device)].cpu().numpy()
        grid = np.ascontiguousarray(own if self.layout is None else self.layout.to_grid(own), dtype=np.float32)
        edits = edit_windows(self.gan, grid, target.numpy(), self.delta, self.device)
        made = edits.grid if self.layout is None else self.layout.to_rows(edits.grid)
        accepted = torch.from_numpy(edits.accepted)
        places = rows[accepted]
        x, y = x.clone(), y.clone()
        x[places.to(x.device)] = torch.from_numpy(made)[accepted].to(x)
        y[places.to(y.device)] = target[accepted].to(y)
        return x, y

    def _chances(self, counts: Tensor) -> Tensor:
        """Return the chance that a window of each class is edited into each other one, ``(n_classes, n_classes)``."""
        n = self.n_classes
        # Of a class without one real window the networks know nothing; a batch may lack one by chance.
        known = torch.ones(n, dtype=torch.float64) if self.counts is None else (counts > 0).to(torch.float64)
        others = known.repeat(n, 1).fill_diagonal_(0)
        if self.target == "other":
            return self.p * others / others.sum(dim=1, keepdim=True).clamp(min=1)
        if self.target == "rare":
            share, equal = counts.to(torch.float64) / counts.sum(), known / known.sum()
            lack = (equal - share).clamp(min=0)
            leaving = (1 - equal / share.clamp(min=1e-12)).clamp(min=0, max=self.p)
            return leaving[:, None] * lack / lack.sum().clamp(min=1e-12)
        chance = torch.zeros(n, n, dtype=torch.float64)
        chance[:, self.target] = self.p
        return chance.fill_diagonal_(0)

    def _batch_number(self) -> int:
        epoch, calls = self._called
        if epoch != self.epoch:
            epoch, calls = self.epoch, 0
        self._called = (epoch, calls + 1)
        worker = get_worker_info()
        # Workers take turns: the k-th batch of worker w is the (k * n_workers + w)-th of the epoch.
        return calls if worker is None else calls * worker.num_workers + worker.id


class EditedWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows of which some, others in each epoch, are edits into other classes.

    What is drawn for a window derives from (seed, epoch, index) alone: neither the order of the windows nor the number
    of a loader's workers matters. A loader asks for a batch's windows at once, and they are edited at once.

    Parameters
    ----------
    windows
        ``(n, n_bands, 9, 9)`` float32, or rows ``(n, n_columns)`` with a layout.
    labels
        ``(n,)`` int64 in ``range(n_classes)``.
    gan, target, p, delta, layout, seed, device
        As for :class:`EditTransform`; ``rare`` is by the counts of ``labels``.

    Examples
    --------
    >>> import numpy as np
    >>> from torch.utils.data import DataLoader
    >>> from escgan.gan import EditedWindows, NetworkConfig
    >>> from escgan.gan.training import build_gan
    >>> gan = build_gan(n_bands=2, n_classes=2, mask=np.ones((9, 9), bool), network=NetworkConfig(hidden=2))
    >>> windows, labels = np.zeros((12, 2, 9, 9), np.float32), np.repeat([0, 1], [9, 3])
    >>> dataset = EditedWindows(windows, labels, gan, p=1.0)
    >>> for epoch in range(2):
    ...     dataset.set_epoch(epoch)
    ...     for x, y in DataLoader(dataset, batch_size=4, shuffle=True):
    ...         pass
    >>> x.shape, y.shape
    (torch.Size([4, 2, 9, 9]), torch.Size([4]))

    Raises
    ------
    ConfigError
        As :class:`EditTransform`, or if there is not one label a window.
    """

    def __init__(
        self,
        windows: NDArray[np.float32],
        labels: NDArray[np.int64],
        gan: Gan,
        *,
        target: Target = "rare",
        p: float = 0.5,
        delta: float = 0.0,
        layout: Layout | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        if len(windows) != len(labels):
            raise ConfigError(f"There are {len(windows)} windows but {len(labels)} labels: give one a window.")
        self.x = torch.as_tensor(np.asarray(windows))
        self.y = torch.as_tensor(np.asarray(labels, np.int64))
        counts = np.bincount(self.y.numpy(), minlength=gan.discriminator.n_classes)
        self.transform = EditTransform(
            gan, target=target, p=p, delta=delta, counts=counts, layout=layout, seed=seed, device=device
        )
        self._draws: tuple[int, Tensor] | None = None

    def set_epoch(self, epoch: int) -> None:
        """Say which pass over the windows begins; call it before a loader is iterated over."""
        self.transform.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return a window, or its edit, and its class."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
        """Return several, edited at once: what a loader calls for a batch."""
        rows = torch.as_tensor(list(indices), dtype=torch.int64)
        x, y = self.transform.edit(self.x[rows], self.y[rows], self._drawn()[rows])
        return list(zip(x, y, strict=True))

    def _drawn(self) -> Tensor:
        """Return the epoch's numbers for every window, ``(n, 2)``."""
        epoch = self.transform.epoch
        if self._draws is None or self._draws[0] != epoch:
            stream = torch.Generator().manual_seed(derive_seed(self.transform.seed, "edits", epoch))
            self._draws = (epoch, torch.rand(len(self), 2, generator=stream, dtype=torch.float64))
        return self._draws[1]


def _check(transform: EditTransform) -> None:
    n, target = transform.n_classes, transform.target
    if not 0 <= transform.p <= 1:
        raise ConfigError(f"p is {transform.p}: give a probability from 0 to 1.")
    if target not in ("rare", "other") and not (isinstance(target, int | np.integer) and 0 <= target < n):
        raise ConfigError(f"target is {target!r}: give 'rare', 'other' or a class from 0 to {n - 1}.")
    if transform.counts is not None and transform.counts.shape != (n,):
        raise ConfigError(f"counts has shape {tuple(transform.counts.shape)}: give one for each of the {n} classes.")
