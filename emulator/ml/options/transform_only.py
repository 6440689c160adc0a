"""The options of TRANSFORM_ONLY: there are none."""

from __future__ import annotations

from emulator.ml.options.base import KEY, OptionSet, TrainingOptions

OPTION_SET = OptionSet(
    model_types=("TRANSFORM_ONLY",), make=TrainingOptions, options={}, refused=KEY
)
