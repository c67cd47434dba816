import pytest

from netad.core.errors import ConfigError, MissingExtraError
from netad.core.registry import Registry


def test_a_component_is_loaded_by_name():
    """The class behind a name is imported when it is asked for."""
    registry = Registry("thing")
    registry.register("ordered", "collections:OrderedDict")
    assert list(registry) == ["ordered"]
    assert "ordered" in registry
    assert registry.load("ordered").__name__ == "OrderedDict"


def test_an_unknown_name_lists_what_there_is():
    """A typing error is answered with the nearest of the known names, and all of them."""
    registry = Registry("thing")
    registry.register("ordered", "collections:OrderedDict")
    with pytest.raises(ConfigError, match=r"unknown thing 'orderd'; did you mean 'ordered'\? \(there are: ordered\)"):
        registry.load("orderd")


def test_a_missing_dependency_costs_one_component_and_names_the_extra():
    """The sentence says which extra installs what is missing."""
    registry = Registry("thing")
    registry.register("heavy", "not_installed_anywhere.module:Class", extra="heavy")
    with pytest.raises(MissingExtraError, match=r"pip install 'netad\[heavy\]'"):
        registry.load("heavy")


def test_a_name_is_registered_once():
    """Two components of one name are a programming error."""
    registry = Registry("thing")
    registry.register("a", "collections:OrderedDict")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("a", "collections:Counter")
