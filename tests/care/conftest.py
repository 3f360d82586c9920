"""The small carrier that the reader's tests read too."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def _load(file: Path) -> ModuleType:
    # Test folders are no packages, so a neighbour's fixtures are loaded from their file.
    spec = spec_from_file_location("small_carrier", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_small_carrier = _load(Path(__file__).parents[1] / "reader" / "conftest.py")
carrier = _small_carrier.carrier
connection = _small_carrier.connection
