"""The garbage that Python looks for. Most of what there is to look through was loaded to stay."""

import gc


def pass_over_loaded() -> None:
    """Looking through all of it takes a tenth of a second, in which no thread does anything else."""
    gc.collect()
    gc.freeze()
