"""The API keys netad works with, each with the least it needs: what `netad setup elastic --print-roles` prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orjson import OPT_INDENT_2, dumps

STREAMS = "logs-netad.*"
# Events are changed where they lie, in the backing indices: a data stream itself only takes new ones.
BACKING = ".ds-logs-netad.anomaly-*"


@dataclass(frozen=True, slots=True)
class Recipe:
    """An API key: its name, what it is for in one line, and its privileges over the cluster and over indices."""

    name: str
    purpose: str
    cluster: tuple[str, ...] = ()
    indices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kibana: tuple[str, ...] = ()

    def body(self, space: str) -> dict[str, Any]:
        """Return the request body that makes the key; `space` is the Kibana space it may change."""
        role: dict[str, Any] = {}
        if self.cluster:
            role["cluster"] = list(self.cluster)
        if self.indices:
            role["indices"] = [{"names": [names], "privileges": list(held)} for names, held in self.indices]
        if self.kibana:
            place = [f"space:{space}"]
            held = list(self.kibana)
            role["applications"] = [{"application": "kibana-.kibana", "privileges": held, "resources": place}]
        return {"name": self.name, "role_descriptors": {self.name: role}}


RECIPES = (
    Recipe(
        "netad-ship",
        "for `netad ingest --to elastic`: adds events; looks up which are there, in older backing indices too (read), "
        "and a moment ago (maintenance: refresh); sees how old the mappings are (view_index_metadata)",
        indices=((STREAMS, ("auto_configure", "create_doc", "read", "maintenance", "view_index_metadata")),),
    ),
    Recipe(
        "netad-ship-blind",
        "instead of netad-ship where the sensor may not read what others ship: known ids come from a ledger on the "
        "sensor, so that events are added exactly once by one machine, not by several",
        indices=((STREAMS, ("auto_configure", "create_doc")),),
    ),
    Recipe(
        "netad-setup",
        "for `netad setup elastic` and `netad setup kibana`, needed once and after updates: templates, the kind of "
        "cluster (monitor), saved objects of Kibana",
        cluster=("manage_index_templates", "monitor"),
        kibana=("feature_savedObjectsManagement.all",),
    ),
    Recipe(
        "netad-update",
        "for `netad mark` and `netad rules apply`: reads anomalies and changes them (NETAD_ELASTIC_UPDATE_API_KEY)",
        indices=((STREAMS, ("read",)), (BACKING, ("read", "index"))),
    ),
    Recipe(
        "netad-read",
        "for `netad rules simulate`, `stats`, `lint --store`, `explain`, and verdicts in training",
        indices=((STREAMS, ("read",)),),
    ),
)


def recipe_lines(space: str) -> Iterator[str]:
    """Yield the requests that make the keys, as Kibana's Dev Tools take them; comments say what each is for."""
    for recipe in RECIPES:
        yield f"# {recipe.name}: {recipe.purpose}"
        yield "POST /_security/api_key"
        yield dumps(recipe.body(space), option=OPT_INDENT_2).decode()
        yield ""
