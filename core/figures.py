"""Numbers as people read them: figures, shares, sizes, and quantities with their unit."""

from netad.core.timing import SECOND_NS, format_duration


def figure(value: float, unit: str = "") -> str:
    """Return a number as text: shares as per cent, whole numbers with thousands separators, others to 3 digits."""
    if unit == "share":
        return percent(value)
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit, for a sentence: bytes in kB and up, seconds as a duration."""
    if unit == "bytes":
        return size(value)
    return format_duration(round(value * SECOND_NS)) if unit == "s" else figure(value, unit)


def percent(share: float) -> str:
    """Return a share (0..1) as per cent, never rounded up to 100 % or down to 0 %."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    for digits in (1, 2, 3):
        text = f"{share * 100:.{digits}f}"
        if 0 < float(text) < 100:
            return f"{text} %"
    return "<0.001 %" if share < 0.5 else ">99.999 %"


def size(count: float) -> str:
    """Return a number of bytes in the unit that people would use (powers of 1,000)."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(amount) < 1000:
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.3g} TB"
