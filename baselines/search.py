"""The search that every model that trains gets alike: learning rate x one other number, 8 settings.

Factors on the defaults rather than numbers, so that the search of one model can be carried over to
another whose distance has another unit.
"""

from __future__ import annotations

RATES = (0.5, 1.0)
SHARPNESS = (0.25, 0.5, 1.0, 2.0)  # on a margin or a temperature
RATES_ALONE = (0.0625, 0.125, 0.25, 0.5, 0.75, 1.0, 2.0, 4.0)


def searches(sharpness: str) -> list[dict[str, float]]:
    """The eight settings as factors on the recipe's numbers.

    Args:
        sharpness: the field beside the learning rate, "" for none.
    """
    if not sharpness:
        return [{"learning_rate": rate} for rate in RATES_ALONE]
    return [{"learning_rate": rate, sharpness: factor} for rate in RATES for factor in SHARPNESS]
