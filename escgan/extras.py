"""What only some steps and options need: packages that the plain installation leaves out."""

from __future__ import annotations

from importlib.util import find_spec

from escgan.errors import ConfigError


def need_package(step: str, package: str, module: str | None = None, *, extra: str = "preprocessing") -> None:
    """Refuse a step or an option whose package is not installed, before anything is computed.

    Parameters
    ----------
    step
        What needs it, as the sentence's subject, for example ``"Step 'ica' with ICLabel"``.
    package
        The package's name on PyPI; ``module`` is the name it is imported by, where that differs.
    extra
        The extra of this package that brings it.

    Raises
    ------
    ConfigError
        The package cannot be found.
    """
    # Looking for a module does not import it: planning stays fast.
    if find_spec(module or package) is None:
        raise ConfigError(f"{step} needs the package {package}: pip install 'escgan[{extra}]'.")
