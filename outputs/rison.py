"""Rison, the notation in which Kibana keeps state in URLs: JSON with fewer characters that have to be escaped.

https://github.com/Nanonid/rison describes it; strings are always quoted here, which every reader takes.
"""

from collections.abc import Mapping, Sequence

Value = None | bool | int | float | str | Mapping[str, "Value"] | Sequence["Value"]


def rison(value: Value) -> str:
    """Return the value as Rison, not yet escaped for a URL."""
    if value is None:
        return "!n"
    if isinstance(value, bool):
        return "!t" if value else "!f"
    if isinstance(value, int | float):
        return f"{value:d}" if isinstance(value, int) else f"{value!r}".replace("+", "")
    if isinstance(value, str):
        return "'" + value.replace("!", "!!").replace("'", "!'") + "'"
    if isinstance(value, Mapping):
        return f"({','.join(f'{rison(name)}:{rison(item)}' for name, item in value.items())})"
    return f"!({','.join(map(rison, value))})"
