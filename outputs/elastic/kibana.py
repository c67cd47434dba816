"""Importing netad's dashboards into Kibana, once or again: what `netad setup kibana` does."""

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from netad.core.errors import OutputError
from netad.outputs.elastic.assets import DETECTION_RULE, SAVED_OBJECTS, read_asset
from netad.outputs.elastic.connection import reason_of, translated
from netad.outputs.elastic.kibana_connection import KIBANA_PREFIX, KibanaConfig, authorization, connect_kibana
from netad.outputs.wording import counted

if TYPE_CHECKING:
    from elastic_transport import BaseNode

# The first that knows the versions of our saved objects.
OLDEST = (8, 14)
STATUS = "/api/status"
IMPORT_OBJECTS = "/api/saved_objects/_import?overwrite=true"
# Not over a rule that is there: somebody may have tuned it, or switched it on.
IMPORT_RULES = "/api/detection_engine/rules/_import?overwrite=false"
# The right a key needs for each, as Kibana's form for roles names it.
RIGHTS = {IMPORT_OBJECTS: "all of Saved Objects Management", IMPORT_RULES: "all of Security"}
NAMED_ERRORS = 5
_NAMES = {
    "dashboard": ("dashboard", "dashboards"),
    "index-pattern": ("data view", "data views"),
    "search": ("saved search", "saved searches"),
}


def setup_kibana(config: KibanaConfig, report: Callable[[str], None], dry_run: bool, detection_rule: bool) -> None:
    """Import data views, searches and dashboards over those that are there, with the detection rule if wanted.

    `report` gets a sentence for each thing done, or with `dry_run` every request, and nothing is asked.

    Raises:
        OutputError: Kibana cannot be reached, is too old, may not be changed by this key, or did not take all.
    """
    if dry_run:
        for line in _requests(config, detection_rule):
            report(line)
        return
    with translated(config.connection), contextlib.closing(connect_kibana(config)) as node:
        kibana = _Kibana(node, config)
        version = kibana.checked_version()
        kibana.import_file(IMPORT_OBJECTS, SAVED_OBJECTS)
        report(f"{config.url} ({version}): imported {_contents()} into the space {config.space}")
        if detection_rule:
            taken = kibana.import_file(IMPORT_RULES, DETECTION_RULE)
            told = (
                "imported the detection rule, switched off"
                if taken
                else "the detection rule is there, and stays as it is"
            )
            report(f"{config.url}: {told}")


class _Kibana:
    def __init__(self, node: "BaseNode", config: KibanaConfig) -> None:
        self._node = node
        self._config = config

    def checked_version(self) -> str:
        """Return Kibana's version.

        Raises:
            OutputError: it is too old, or what answers is no Kibana.
        """
        status, body = self._ask("GET", STATUS)
        if status == 503:
            raise OutputError(f"{self._config.url} is not ready yet (503): try again in a minute")
        if status != 200:
            raise OutputError(self._refusal(status, body, "the right to use Kibana"))
        version = body.get("version")
        number = version.get("number") if isinstance(version, dict) else None
        found = re.match(r"(\d+)\.(\d+)", number) if isinstance(number, str) else None
        if found is None:
            raise OutputError(f"{self._config.url} does not answer like a Kibana: its status names no version")
        if (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise OutputError(
                f"{self._config.url} is Kibana {reason_of(number)}, and the dashboards need {oldest} or newer"
            )
        return f"Kibana {reason_of(number)}"

    def import_file(self, path: str, asset: str) -> bool:
        """Post one of the asset files; False when what is in it was there already and was not to be overwritten.

        Raises:
            OutputError: Kibana did not take all of it.
        """
        from urllib3.filepost import encode_multipart_formdata

        body, kind = encode_multipart_formdata({"file": (asset, read_asset(asset), "application/ndjson")})
        status, answer = self._ask("POST", f"{self._config.in_space}{path}", body, {"content-type": kind})
        if status != 200:
            raise OutputError(self._refusal(status, answer, RIGHTS[path]))
        if answer.get("success") is True:
            return True
        errors = [one for one in answer.get("errors") or [] if isinstance(one, dict)]
        if errors and all(_is_conflict(one) for one in errors):
            return False
        raise OutputError(f"{self._config.url} did not take all of {asset}: {_told(errors)}")

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        from elastic_transport import HttpHeaders

        sent = HttpHeaders(
            {"kbn-xsrf": "true", "accept": "application/json", **authorization(self._config), **(headers or {})}
        )
        meta, raw = self._node.perform_request(method, path, body=body, headers=sent)
        try:
            answer = orjson.loads(raw)
        except orjson.JSONDecodeError:
            answer = {}
        return meta.status, answer if isinstance(answer, dict) else {}

    def _refusal(self, status: int, answer: dict[str, Any], wanted: str) -> str:
        """Return what a refused request means, with Kibana's reason and no secret; `wanted` is the right it needs."""
        url, space, connection = self._config.url, self._config.space, self._config.connection
        reason = reason_of(answer.get("message") or "no reason given")
        for secret in connection.secrets:
            reason = reason.replace(secret, "***")
        if status == 401 and not (connection.api_key or connection.username):
            return f"{url} wants credentials: set {KIBANA_PREFIX}API_KEY"
        if status == 404 and not answer:
            return f"{url} does not answer like a Kibana (404)"
        meanings = {
            401: "does not accept the credentials",
            403: f"does not allow this in the space {space}: the key needs {wanted}",
            404: f"knows no space {space}, or not what is asked of it there",
        }
        return f"{url} {meanings.get(status, 'refused')} ({status}, {reason})"


def _is_conflict(error: dict[str, Any]) -> bool:
    why = error.get("error")
    return isinstance(why, dict) and why.get("status_code") == 409


def _told(errors: list[dict[str, Any]]) -> str:
    """Return what Kibana says about the objects it did not take, the first few of them."""
    told = []
    for one in errors[:NAMED_ERRORS]:
        why = one.get("error")
        parts = [why.get(name) for name in ("message", "type")] if isinstance(why, dict) else []
        reason = next((part for part in parts if part), "no reason given")
        told.append(reason_of(f"{one.get('type', 'rule')} {one.get('id') or one.get('rule_id')}: {reason}"))
    if len(errors) > NAMED_ERRORS:
        told.append(f"{len(errors) - NAMED_ERRORS} more")
    return "; ".join(told) or "it gives no reason"


def _objects() -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in read_asset(SAVED_OBJECTS).splitlines()]


def _contents() -> str:
    """Return what the file of saved objects holds, in words."""
    kinds = Counter(_NAMES[one["type"]] for one in _objects())
    *first, last = (counted(count, *names) for names, count in sorted(kinds.items()))
    return f"{', '.join(first)} and {last}"


def _requests(config: KibanaConfig, detection_rule: bool) -> Iterator[str]:
    """Yield what would be asked of Kibana, a line each; what is posted is named object by object."""
    yield f"GET {config.url}{STATUS}"
    yield f"POST {config.url}{config.in_space}{IMPORT_OBJECTS}"
    yield f"  kbn-xsrf: true, multipart form with the file {SAVED_OBJECTS}:"
    for one in _objects():
        yield f"  {_NAMES[one['type']][0]} {one['id']}: {one['attributes'].get('name') or one['attributes']['title']}"
    if detection_rule:
        rule = orjson.loads(read_asset(DETECTION_RULE))
        yield f"POST {config.url}{config.in_space}{IMPORT_RULES}"
        yield f"  kbn-xsrf: true, multipart form with the file {DETECTION_RULE}:"
        yield f"  detection rule {rule['rule_id']}: {rule['name']}"
