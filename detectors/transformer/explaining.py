"""What a language model did not expect of a profile, in words."""

from collections.abc import Sequence

from netad.detectors.anomaly import UnexpectedWord
from netad.detectors.transformer.encoding import CHOICES
from netad.detectors.transformer.scoring import NAME_WEIGHT, Word
from netad.detectors.transformer.text import ProfileText
from netad.profiles.features import FEATURES

MOST_WORDS = 5
# What was more likely than not is no surprise.
LEAST_NATS = 0.7
# What the words of the text say to people: of a level, and of a kind of names.
LEVELS = {
    "below": "below the whole baseline", "tiny": "in the lowest 5 %", "low": "in the lowest quarter",
    "normal": "normal", "high": "in the highest quarter", "large": "in the highest 5 %",
    "above": "above the whole baseline", "extreme": "far above the whole baseline",
}  # fmt: skip
NAMES = {"services": "service", "domains": "domain", "servers": "TLS server", "agents": "user agent"}
_NEW = "new to the baseline"


def told(
    text: ProfileText, words: Sequence[Word], fields: Sequence[str], *, expects: bool
) -> tuple[UnexpectedWord, ...]:
    """Return the most unexpected words of a text, the most unexpected first, at most five.

    The mark of a name and the name itself are one word, with the nats that they add to the score. `expects` says
    whether the model can tell what it would have put instead; what it would have put itself is then left out, however
    unsure it was.
    """
    found = []
    for one in words:
        if 0 <= one.slot < len(fields) and not (expects and one.choice == one.expected):
            level, expected = LEVELS[CHOICES[one.choice]], LEVELS[CHOICES[one.expected]] if expects else ""
            name = fields[one.slot]
            found.append(UnexpectedWord(name, FEATURES[name].label, level, expected, one.nll))
    pieces = {one.name: one.nll for one in words if one.name >= 0}
    # Every name has one mark, and both come in the order of the text.
    marks = [one.nll for one in words if one.slot >= len(fields)]
    for (number, doubt), mark in zip(sorted(pieces.items()), marks, strict=True):
        said = text.names[number]
        shown = f"{said.text}, {_NEW}" if said.new else said.text
        found.append(UnexpectedWord(said.kind, NAMES[said.kind], shown, "", mark + NAME_WEIGHT * doubt))
    found.sort(key=lambda one: -one.nats)
    return tuple(one for one in found[:MOST_WORDS] if one.nats >= LEAST_NATS)
