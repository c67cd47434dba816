import pytest

from netad.profiles.registry import Feature, FeatureRegistry


def test_features_keep_their_order_and_their_names_are_unique():
    """Features come out in the order they were registered in, and a taken name is refused."""
    registry = FeatureRegistry()
    second, first = (Feature(name, name, "", "", "none", "both") for name in ("b", "a"))
    registry.register(second)
    registry.register(first)
    assert registry.names() == ("b", "a")
    assert list(registry) == [second, first]
    assert registry["a"] is first
    assert registry.groups() == {"": ("b", "a")}
    with pytest.raises(ValueError, match="'b' is registered twice"):
        registry.register(second)
