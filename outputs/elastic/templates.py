"""The index templates of netad's data streams: what they are, whether a cluster has them, putting them there."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netad.core.errors import OutputError
from netad.outputs.elastic.fields import mappings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

# Raise it with every change of a mapping or setting: a cluster keeps what it has until it sees a higher one.
VERSION = 3
# Above the 500 that Elastic asks others to stay under, so that its `logs-*-*` never wins.
PRIORITY = 501
# Of a backing index's name what comes before and after that of its data stream.
_BACKING = re.compile(r"^\.ds-|-\d{4}\.\d\d\.\d\d-\d{6}$")
RETENTION = {"anomaly": "90d", "flow": "14d", "profile": "30d", "run": "90d"}

_REMEDY = "run `netad setup elastic` once with a key that has manage_index_templates"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A template a cluster does not have, or in an older version (`installed`; 0 if it carries none)."""

    kind: str
    name: str
    installed: int | None

    @property
    def sentence(self) -> str:
        """What the change does, as a clause without a subject."""
        what = f"{self.kind} template {self.name}"
        if self.installed is None:
            return f"create {what} (version {VERSION})"
        later = ", for indices made from now on" if self.kind == "index" else ""
        return f"update {what} (version {self.installed} to {VERSION}{later})"

    def request(self, extras: bool) -> tuple[str, dict[str, Any]]:
        """Return the path and the body of the PUT request that makes the change."""
        return f"/_{self.kind}_template/{self.name}", template_body(self.kind, self.name, extras)


def template_names() -> list[tuple[str, str]]:
    """Return (kind, name) of every template, in the order they have to be put: index templates name components."""
    components = ["netad-base", *(f"netad-{dataset}-stream" for dataset in RETENTION)]
    return [*(("component", name) for name in components), *(("index", f"netad-{dataset}") for dataset in RETENTION)]


def template_body(kind: str, name: str, extras: bool) -> dict[str, Any]:
    """Return a template as Elasticsearch takes it.

    Users change what they like (retention, replicas, more fields) in the component templates `netad-custom` and
    `netad-<dataset>-custom`, which netad never touches; they need not exist.
    """
    stamp = {"version": VERSION, "_meta": {"managed_by": "netad", "version": VERSION}}
    dataset = name.removeprefix("netad-").removesuffix("-stream")
    if kind == "index":
        custom = ["netad-custom", f"netad-{dataset}-custom"]
        return {
            "index_patterns": [f"logs-netad.{dataset}-*"],
            "data_stream": {},
            "priority": PRIORITY,
            "composed_of": ["netad-base", f"netad-{dataset}-stream", *custom],
            "ignore_missing_component_templates": custom,
            **stamp,
        }
    if name == "netad-base":
        index = {"mode": "standard", **({"codec": "best_compression"} if extras else {})}
        # Also in the mapping, where a key can see it that may look at data streams and not at templates.
        mapping = {"_meta": stamp["_meta"], **mappings("common", extras)}
        return {"template": {"settings": {"index": index}, "mappings": mapping}, **stamp}
    lifecycle = {"data_retention": RETENTION[dataset]}
    return {"template": {"lifecycle": lifecycle, "mappings": mappings(dataset, extras)}, **stamp}


def planned_changes(client: "Elasticsearch") -> list[Change]:
    """Return what has to be put, in order; nothing when all is there in this version or a newer one.

    Raises:
        OutputError: what answers is no Elasticsearch.
        elasticsearch.ApiError, elasticsearch.TransportError: the cluster does not tell.
    """
    client = client.options(ignore_status=404)  # the answer where no component has such a name: an empty list
    answers = {
        "component": client.cluster.get_component_template(name="netad-*").body,
        "index": client.indices.get_index_template(name="netad-*").body,
    }
    installed: dict[tuple[str, str], int] = {}
    for kind, answer in answers.items():
        found = answer.get(f"{kind}_templates") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise OutputError("the answer to a question for templates holds no list of them")
        installed |= {(kind, item["name"]): _version(item[f"{kind}_template"]) for item in found}
    return [
        Change(*template, installed.get(template))
        for template in template_names()
        if installed.get(template, -1) < VERSION
    ]


def apply_changes(client: "Elasticsearch", changes: list[Change]) -> Iterator[str]:
    """Put the templates, in order, and yield a sentence for each as it is done.

    Raises:
        elasticsearch.ApiError, elasticsearch.TransportError: the cluster refuses.
    """
    extras = bool(changes) and has_extras(client)
    for change in changes:
        _, body = change.request(extras)
        if change.kind == "index":
            client.indices.put_index_template(name=change.name, body=body)
        else:
            client.cluster.put_component_template(name=change.name, body=body)
        yield change.sentence


def ensure_templates(client: "Elasticsearch") -> list[str]:
    """Create or update what is missing or older, and return a sentence for each; nothing when all is there.

    A key that may only write events cannot even look. Then the templates are taken to be there: `netad setup elastic`
    with a stronger key put them, and events go out with `require_data_stream`, so that none makes a plain index. Their
    version is read from the data streams, if the key may look at those, and a warning says that it is old.

    Raises:
        OutputError: templates are missing, and this key may not create them.
        elasticsearch.ApiError, elasticsearch.TransportError: the cluster cannot be asked, or refuses otherwise.
    """
    from elasticsearch import AuthorizationException

    try:
        changes = planned_changes(client)
    except AuthorizationException:
        _check_streams(client)
        return []
    try:
        return list(apply_changes(client, changes))
    except AuthorizationException as error:
        missing = [change.name for change in changes if change.installed is None]
        if not missing:
            oldest = min(change.installed or 0 for change in changes)
            log.warning("the index templates have version %d and this netad %d, and this key may not update them: %s",
                        oldest, VERSION, _REMEDY)  # fmt: skip
            return []
        raise OutputError(
            f"the index templates {', '.join(missing)} are missing and this key may not create them: {_REMEDY}"
        ) from error


def _check_streams(client: "Elasticsearch") -> None:
    """Warn when the newest backing index of a data stream was made by older templates, as far as this key may see."""
    from elasticsearch import ApiError

    try:
        found = client.indices.get_mapping(index="logs-netad.*", filter_path="*.mappings._meta").body
    except ApiError:
        log.info("this key may not read index templates: taking them to be set up")
        return
    newest: dict[str, tuple[str, int]] = {}
    for index, held in sorted(found.items()):
        stream = _BACKING.sub("", index)
        newest[stream] = max(newest.get(stream, ("", 0)), (index, _version(held.get("mappings", {}))))
    old = {stream: version for stream, (_, version) in newest.items() if version < VERSION}
    if old:
        log.warning("%s follow index templates of version %d, and this netad has %d: %s, then roll them over",
                    ", ".join(old), min(old.values()), VERSION, _REMEDY)  # fmt: skip


def has_extras(client: "Elasticsearch") -> bool:
    """Tell whether this is Elastic's default distribution, with the field types that come with it."""
    from elasticsearch import ApiError

    try:
        return isinstance(client.xpack.info(filter_path="features").body.get("features"), dict)
    except ApiError:
        return False


def _version(template: dict[str, Any]) -> int:
    """Return the version that a template, or a mapping made from it, says it has; 0 where it says none."""
    version = template.get("_meta", {}).get("version", 0)
    return version if isinstance(version, int) else 0
