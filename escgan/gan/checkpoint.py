"""Saving and restoring networks and half-finished training, without pickle.

A checkpoint's file name ends in the digest of its bytes, so that a damaged one is recognised and passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Progress:
    """Where training stood: steps done, and the history rows written so far."""

    step: int
    history: list[dict[str, float]]


def save_network(path: Path, network: nn.Module) -> None:
    """Write a network's weights and buffers as safetensors."""
    from safetensors.torch import save_file

    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}, path)


def load_network(path: Path, network: nn.Module) -> None:
    """Read weights and buffers into a network of the same shape."""
    from safetensors.torch import load_file

    network.load_state_dict(load_file(path))


def save_checkpoint(
    folder: Path,
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    progress: Progress,
    fingerprint: str,
) -> Path:
    """Write everything that training needs to go on, then drop older checkpoints.

    The write is atomic: a kill at any moment leaves the previous checkpoint or the new one.
    """
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        tensors |= {f"network/{name}/{key}": value for key, value in network.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{name}/{index}/{key}": torch.as_tensor(value) for key, value in state.items()}
    note = {"progress": json.dumps([progress.step, progress.history]), "fingerprint": fingerprint}
    data = save({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, metadata=note)
    path = folder / f"step-{progress.step:08d}-{hashlib.sha256(data).hexdigest()[:32]}.safetensors"
    partial = path.with_suffix(".partial")
    folder.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    for old in folder.glob("step-*"):
        if old != path:
            old.unlink(missing_ok=True)
    return path


def load_checkpoint(
    folder: Path,
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    fingerprint: str,
) -> Progress | None:
    """Restore the newest intact checkpoint that was made by the same settings and data.

    Returns None, and changes nothing, where there is none.
    """
    from safetensors.torch import load

    for path in sorted(folder.glob("step-*.safetensors"), reverse=True):
        data = path.read_bytes()
        if not path.stem.endswith(hashlib.sha256(data).hexdigest()[:32]):
            continue
        # The header's length comes first, eight bytes little-endian; the metadata stand in the header.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        if header["fingerprint"] != fingerprint:
            continue
        tensors = load(data)
        for name, network in networks.items():
            network.load_state_dict(_below(tensors, f"network/{name}/"))
        for name, optimizer in optimizers.items():
            state: dict[int, dict[str, Any]] = {}
            for key, tensor in _below(tensors, f"optimizer/{name}/").items():
                index, field = key.split("/")
                state.setdefault(int(index), {})[field] = tensor
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
            match_layout(optimizer)
        step, history = json.loads(header["progress"])
        return Progress(step, history)
    return None


def match_layout(optimizer: torch.optim.Optimizer) -> None:
    """Give restored moments their weight's memory layout: a fused optimiser walks both by address."""
    for weight, state in optimizer.state.items():
        for name, value in state.items():
            if torch.is_tensor(value) and value.shape == weight.shape:
                state[name] = torch.empty_like(weight).copy_(value)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
