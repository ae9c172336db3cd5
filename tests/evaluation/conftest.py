"""The tiny bank of the data tests, for evaluations of a network on composed scenes."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_spec = spec_from_file_location(
    "avsseg_test_bank", Path(__file__).parents[1] / "data" / "conftest.py"
)
assert _spec is not None and _spec.loader is not None
_banks = module_from_spec(_spec)
_spec.loader.exec_module(_banks)

bank_root = _banks.bank_root
bank = _banks.bank
