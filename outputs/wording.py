"""Numbers and text as operators read them: figures, shares, counted nouns, and text that cannot drive a terminal."""

import unicodedata

from netad.detectors.sentence import behaviour_label


def behaviour_name(behaviour: str) -> str:
    """Return a behaviour's name as the beginning of a sentence."""
    label = behaviour_label(behaviour)
    return label[:1].upper() + label[1:]


def score_text(score: float) -> str:
    """Return a score (0..1) with 3 digits, or with as many as tell it from 1."""
    digits = next((digits for digits in (3, 4, 5) if score >= 1 or round(score, digits) < 1), 6)
    return f"{score:.{digits}f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun in the right number: `1 flow`, `2,400 flows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def files_read(files: int, logs: int) -> str:
    """Return how many files were read, of which so many are logs: `2 files`, `3 logs`, `1 capture and 3 logs`."""
    if not logs:
        return counted(files, "file")
    return counted(logs, "log") if logs == files else f"{counted(files - logs, 'capture')} and {counted(logs, 'log')}"


def traffic_read(packets: int, records: int, logs: int) -> str:
    """Return what was in them: `12 packets`, `12,345 records`, or both where there were logs and captures."""
    if not logs:
        return counted(packets, "packet")
    told = counted(records, "record")
    return f"{counted(packets, 'packet')} and {told}" if packets else told


def printable(text: str, encoding: str) -> str:
    r"""Return `text` for a terminal or pipe: what it cannot show, or would obey, becomes an escape such as `\x1b`.

    Control, format (also bidirectional), surrogate and line-breaking characters of paths, comments and other text
    from outside would otherwise move the cursor, change colours or reorder what the operator reads.
    """
    shown = "".join(
        _escape(character) if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
        for character in text
    )
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _escape(character: str) -> str:
    return (
        character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else f"\\x{ord(character):02x}"
    )
