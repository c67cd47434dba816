"""Octets of a packet as text: printable, so that nothing in a name can draw on a terminal or break a line."""

MAX_TEXT = 255


def printable(octets: bytes, most: int = MAX_TEXT) -> str:
    r"""Return up to `most` octets as ASCII; unprintable ones and the backslash become `\xNN`, as Zeek writes them."""
    text = octets[:most].decode("latin-1")
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(
        character if " " <= character <= "~" and character != "\\" else f"\\x{ord(character):02x}" for character in text
    )
