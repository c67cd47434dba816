"""Domain names: what somebody registered of a name, and how much a label looks drawn by lot."""

from itertools import pairwise

# Second-level names under which countries register others; the public suffix list has thousands, these have most.
_SECOND = frozenset(
    ("ac", "co", "com", "edu", "gob", "gouv", "gov", "govt", "id", "mil", "ne", "net", "nom", "or", "org", "sch", "web")
)
# Names that are not registered with anybody (RFC 6761, RFC 6762, RFC 8375 and habit).
_LOCAL = frozenset((
    "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "test",
    "workgroup",
))  # fmt: skip

# How surprising a letter is after another, in bits (9: nine or more): row by the first letter, column by the second, a
# to z. Rounded -log2 of bigram shares in the names and descriptions of packages on PyPI and npm, whose words are those
# that people make up names from.
_BITS = (
    "85358759596353949343566767", "36673788369378369447489869", "39674893594479279453599979",
    "35652668365567479557588769", "46446668788443767234766579", "38784499298378389465499849",
    "48672855399465469357499779", "27772899398667376564598959", "55455559997452359543859796",
    "38583999598969476819486999", "36752667388566469635588969", "37752889297479369855478959",
    "25662879398557338857599969", "48443538486786479832669879", "66548759676442549354465789",
    "38773885498378359354599949", "68777989599279768565196899", "37552769395656369644568959",
    "57453784496567447842577959", "38672784289678369345597949", "55554749498443859343889698",
    "38681868299878489766499989", "38662785398674379536898989", "57464777379558539662788749",
    "45555668677454428643676897", "37782796387668389377398855",
)  # fmt: skip
_BOTH_DIGITS, _HYPHEN, _MIXED = 4, 3, 6


def registered(name: str) -> str:
    """Return the part of a name that somebody registered, such as `example.co.uk`; "" for local names and suffixes."""
    labels = name.strip(".").split(".")
    if len(labels) < 2 or labels[-1] in _LOCAL or not all(labels) or labels[-1].isdigit():
        return ""
    taken = 3 if len(labels[-1]) == 2 and labels[-2] in _SECOND else 2
    return ".".join(labels[-taken:]) if len(labels) >= taken else ""


def surprise_bits(label: str) -> float:
    """Return the mean surprise of a label's letters after their neighbours, in bits; 0 below two characters.

    Words and made-up names of people have about 3.5, letters drawn by lot 5.7.
    """
    if len(label) < 2:
        return 0.0
    return sum(_bits(one, other) for one, other in pairwise(label)) / (len(label) - 1)


def _bits(one: str, other: str) -> int:
    first, second = ord(one) - 97, ord(other) - 97
    if 0 <= first < 26 and 0 <= second < 26:
        return int(_BITS[first][second])
    if "-" in (one, other) or "_" in (one, other):
        return _HYPHEN
    return _BOTH_DIGITS if one.isdigit() and other.isdigit() else _MIXED
