"""Figures as people read them."""

_UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


def clock(seconds: float, *, digits: int = 1) -> str:
    """Seconds as ``1:02.5`` or ``1:00:02.5``."""
    ticks = max(0, round(seconds * 10**digits))
    whole, part = divmod(ticks, 10**digits)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{front}:{whole:02d}" + (f".{part:0{digits}d}" if digits else "")


def percent(share: float) -> str:
    """A share of one as ``12 %``; small ones keep a decimal."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 9.95 else f"{value:.0f} %"


def size(count: float) -> str:
    """Bytes as ``3.4 MB``."""
    if count < 1000:
        return f"{count:.0f} bytes"
    unit = next((u for u in ("kB", "MB", "GB") if count < _UNITS[u] * 1000), "TB")
    value = count / _UNITS[unit]
    return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.1f} {unit}"


def plural(count: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else many}"
