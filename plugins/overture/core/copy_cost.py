"""What written messages cost at a price for an hour of the machine."""


def cost_per_thousand(seconds: float, messages: int, price_per_hour: float) -> float | None:
    """Return the price of a thousand messages of which so many took so many seconds; None where no price is known.

    >>> cost_per_thousand(360.0, 500, 2.0)
    0.4
    >>> cost_per_thousand(360.0, 500, 0.0) is None
    True
    """
    if price_per_hour <= 0 or messages <= 0:
        return None
    return price_per_hour * seconds / 3600 / messages * 1000
