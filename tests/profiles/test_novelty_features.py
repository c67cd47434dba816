from netad.profiles.novelty import SCOPES, Scope
from netad.profiles.novelty_features import NOVELTY


def test_every_kind_has_its_features():
    """What a model knows of is named in the features: for the baseline, and for the source where it is kept."""
    names = {feature.name for feature in NOVELTY}
    for kind, scopes in SCOPES.items():
        assert f"new_{kind.name.lower()}s" in names
        assert (f"own_new_{kind.name.lower()}_share" in names) == (Scope.OWN in scopes)


def test_new_things_speak_against_a_source():
    """Novelty is suspicious when it is high; the groups say what it is measured against."""
    assert {feature.suspicious for feature in NOVELTY} == {"high"}
    assert all((feature.group == "history") == feature.name.startswith("own_") for feature in NOVELTY)
