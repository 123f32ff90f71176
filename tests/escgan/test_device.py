from typing import get_args

import pytest
import torch

from escgan.device import Device, choose_device, compute_what_fits
from escgan.errors import ConfigError


@pytest.fixture
def machine(monkeypatch):
    """Make torch report the devices that a test names."""

    def has(*devices):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in devices)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in devices)

    return has


@pytest.mark.parametrize(
    ("present", "best"),
    [((), "cpu"), (("cuda",), "cuda"), (("mps",), "mps"), (("mps", "cuda"), "cuda")],
)
def test_auto_takes_the_best_device_there_is(machine, present, best):
    machine(*present)
    assert choose_device("auto") == choose_device() == best


@pytest.mark.parametrize("asked", ["cpu", "cuda", "mps", "cuda:1"])
def test_a_device_that_is_there_is_taken_as_asked_for(machine, asked):
    machine("cuda", "mps")
    assert choose_device(asked) == asked


@pytest.mark.parametrize(("asked", "present"), [("cuda", ("mps",)), ("mps", ("cuda",)), ("cuda:0", ())])
def test_a_device_that_is_not_there_is_refused_with_a_remedy(machine, asked, present):
    machine(*present)
    with pytest.raises(
        ConfigError, match=f"Device '{asked}' was asked for, but torch finds none here: use --device cpu"
    ):
        choose_device(asked)


@pytest.mark.parametrize("asked", ["gpu", "tpu", "", "cpu:0"])
def test_a_device_that_does_not_exist_is_refused_with_the_ones_that_do(machine, asked):
    machine("cuda", "mps")
    with pytest.raises(ConfigError, match=f"There is no device '{asked}': expected one of auto, cpu, cuda, mps"):
        choose_device(asked)


def test_the_error_lists_every_device_of_the_type():
    with pytest.raises(ConfigError) as error:
        choose_device("nonsense")
    assert all(name in str(error.value) for name in get_args(Device))


def test_what_auto_chose_can_hold_a_tensor():
    assert torch.ones(2, device=choose_device()).sum().item() == 2


def test_what_the_memory_does_not_hold_is_computed_in_halves(caplog):
    tried = []

    def compute(items):
        tried.append(len(items))
        if len(items) > 3:
            raise torch.OutOfMemoryError("too much")
        return [2 * item for item in items]

    assert compute_what_fits(compute, range(9)) == [2 * i for i in range(9)]
    assert tried == [9, 5, 3, 2, 4, 2, 2]
    assert "does not hold 9 folds at once: trying 5" in caplog.text


def test_one_that_the_memory_does_not_hold_is_refused_with_a_remedy():
    def compute(items):
        raise torch.OutOfMemoryError("too much")

    with pytest.raises(ConfigError, match="does not hold the training of one fold: lower the batch size"):
        compute_what_fits(compute, [1, 2])
