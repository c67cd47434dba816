"""netad's index templates as OpenSearch takes them.

Where it differs from Elasticsearch: no index mode, no data stream lifecycle (index state management deletes old
indices there), no component templates that need not exist.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from netad.outputs.elastic.templates import VERSION, template_body, template_names

if TYPE_CHECKING:
    from opensearchpy import OpenSearch


def opensearch_template(kind: str, name: str) -> dict[str, Any]:
    """Return a template's body, with core field types only."""
    body = template_body(kind, name, extras=False)
    if kind == "index":
        missing = body.pop("ignore_missing_component_templates")
        return {**body, "composed_of": [part for part in body["composed_of"] if part not in missing]}
    template = dict(body["template"])
    template.pop("lifecycle", None)
    index = {key: value for key, value in template.pop("settings", {}).get("index", {}).items() if key != "mode"}
    if index:
        template["settings"] = {"index": index}
    return {**body, "template": template}


def ensure_opensearch_templates(client: "OpenSearch") -> list[str]:
    """Create or update what is missing or older, and return a sentence for each.

    Raises:
        opensearchpy.OpenSearchException: the cluster cannot be asked, or refuses.
    """
    done = []
    for kind, name, installed in lacking_templates(client):
        body = opensearch_template(kind, name)
        if kind == "index":
            client.indices.put_index_template(name=name, body=body)
        else:
            client.cluster.put_component_template(name=name, body=body)
        done.append(f"{'create' if installed is None else 'update'} {kind} template {name} (version {VERSION})")
    return done


def lacking_templates(client: "OpenSearch") -> Iterator[tuple[str, str, int | None]]:
    """Yield (kind, name, version there) of what is missing (None) or older, in the order it has to be put.

    Raises:
        opensearchpy.OpenSearchException: the cluster cannot be asked.
    """
    for kind, name in template_names():
        installed = _installed(client, kind, name)
        if installed is None or installed < VERSION:
            yield kind, name, installed


def _installed(client: "OpenSearch", kind: str, name: str) -> int | None:
    from opensearchpy import NotFoundError

    ask = client.indices.get_index_template if kind == "index" else client.cluster.get_component_template
    try:
        found = ask(name=name)[f"{kind}_templates"]
    except NotFoundError:
        return None
    version = found[0][f"{kind}_template"].get("_meta", {}).get("version", 0) if found else None
    return version if isinstance(version, int) or version is None else 0
