"""The recipes of API keys."""

import orjson

from netad.outputs.elastic.roles import RECIPES, recipe_lines


def test_every_recipe_is_a_request_that_can_be_sent():
    """A comment, a method and path, a body that is JSON and names the privileges it gives."""
    blocks = "\n".join(recipe_lines("soc")).strip().split("\n\n")
    assert len(blocks) == len(RECIPES)
    for recipe, block in zip(RECIPES, blocks, strict=True):
        comment, request, body = block.split("\n", 2)
        assert comment.startswith(f"# {recipe.name}: ")
        assert request == "POST /_security/api_key"
        assert orjson.loads(body) == recipe.body("soc")


def test_no_key_may_more_than_it_needs():
    """Only the setup key has one over the cluster or Kibana; the one that ships may not change what is there."""
    bodies = {recipe.name: recipe.body("soc")["role_descriptors"][recipe.name] for recipe in RECIPES}
    assert [name for name, role in bodies.items() if "cluster" in role] == ["netad-setup"]
    assert [name for name, role in bodies.items() if "applications" in role] == ["netad-setup"]
    assert bodies["netad-setup"]["applications"][0]["resources"] == ["space:soc"]
    held = {privilege for name in bodies if name.startswith("netad-ship")
            for index in bodies[name]["indices"] for privilege in index["privileges"]}  # fmt: skip
    assert held == {"auto_configure", "create_doc", "read", "maintenance", "view_index_metadata"}
    assert not {"all", "write", "manage", "delete"} & {
        privilege for role in bodies.values() for index in role.get("indices", []) for privilege in index["privileges"]
    }
