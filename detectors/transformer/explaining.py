"""What a language model did not expect of a profile, in words."""

from collections.abc import Sequence

from netad.detectors.anomaly import UnexpectedWord
from netad.detectors.transformer.encoding import CHOICES
from netad.detectors.transformer.scoring import NAME_WEIGHT, Word
from netad.detectors.transformer.text import NEW, ProfileText
from netad.profiles.features import FEATURES

MOST_WORDS = 5
# What was more likely than not is no surprise.
LEAST_NATS = 0.7


def told(
    text: ProfileText, words: Sequence[Word], fields: Sequence[str], *, expects: bool
) -> tuple[UnexpectedWord, ...]:
    """Return the most unexpected words of a text, the most unexpected first, at most five.

    The mark of a name and the name itself are one word, with the nats that they add to the score. `expects` says
    whether the model can tell what it would have put instead.
    """
    found = []
    for one in words:
        if 0 <= one.slot < len(fields):
            expected = CHOICES[one.expected] if expects else ""
            name = fields[one.slot]
            found.append(UnexpectedWord(name, FEATURES[name].label, CHOICES[one.choice], expected, one.nll))
    pieces = {one.name: one.nll for one in words if one.name >= 0}
    # Every name has one mark, and both come in the order of the text.
    marks = [one.nll for one in words if one.slot >= len(fields)]
    for (number, doubt), mark in zip(sorted(pieces.items()), marks, strict=True):
        said = text.names[number]
        shown = f"{said.text} ({NEW})" if said.new else said.text
        found.append(UnexpectedWord(said.kind, said.kind, shown, "", mark + NAME_WEIGHT * doubt))
    found.sort(key=lambda one: -one.nats)
    return tuple(one for one in found[:MOST_WORDS] if one.nats >= LEAST_NATS)
