"""What `netad doctor` looks at in an Elasticsearch: who we are to it, what we may, its version, templates and clock."""

import contextlib
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from netad.core.checks import Check
from netad.core.errors import OutputError
from netad.outputs.elastic.connection import ElasticConfig, connect, explain
from netad.outputs.elastic.reaching import check_ways
from netad.outputs.elastic.repeated import repeated_events
from netad.outputs.elastic.templates import planned_changes
from netad.outputs.wording import counted

if TYPE_CHECKING:
    from elasticsearch import ApiError, Elasticsearch, TransportError

STREAMS = "logs-netad.*"
NEEDED = ("auto_configure", "create_doc")
# For look-ups of known ids, and to see what was delivered a moment ago.
USEFUL = ("read", "maintenance")
CLOCK_S = 60.0
TOLD_REPEATED = 20
# What a server answers that does not have the call at all.
_UNKNOWN_CALL = frozenset({400, 404, 405, 410, 501})


def check_elastic(
    config: ElasticConfig, clock: Callable[[], float] = time.time, *, duplicates_in: str | None = None
) -> Iterator[Check]:
    """Yield each step to a cluster and in it. Where the way fails, nothing further is asked of it.

    `duplicates_in` names the streams (`logs-netad.*`) whose ids are looked through, None for none.
    """
    from elasticsearch import ApiError, TransportError

    if not (yield from check_ways(config, clock)):
        return
    with contextlib.closing(connect(config)) as client:
        asked = [*_STEPS, "clock", *(["duplicates"] if duplicates_in is not None else [])]
        try:
            for step in _STEPS.values():
                yield step(client)
                asked.pop(0)
            yield _clock(client, clock)
            asked.pop(0)
            if duplicates_in is not None:
                yield from _repeated(client, duplicates_in)
        except (ApiError, TransportError) as error:
            yield _failed(asked[0], error, config)
        except OutputError as error:
            yield Check(asked[0], "FAILED", error.message)


def _failed(step: str, error: "ApiError | TransportError", config: ElasticConfig) -> Check:
    """Return what a step met, under the name of what is wrong rather than of what was asked."""
    import elasticsearch

    told = explain(error, config).message
    if isinstance(error, elasticsearch.SSLError):
        return Check("TLS", "FAILED", told)
    if isinstance(error, elasticsearch.ConnectionError) and not config.speaks_tls:
        return Check("answer", "FAILED", f"{told}: does this port speak TLS? Then the URL begins with https")
    if not isinstance(error, elasticsearch.ApiError) or isinstance(error, elasticsearch.UnsupportedProductError):
        return Check("answer", "FAILED", told)
    return Check("version" if _is_mismatch(error) else step, "FAILED", told)


def _who(client: "Elasticsearch") -> Check:
    from elasticsearch import ApiError

    try:
        body = client.security.authenticate().body
    except ApiError as error:
        if error.status_code in _UNKNOWN_CALL and not _is_mismatch(error):
            return Check("authentication", "note", "this cluster has no security: whoever reaches it may do everything")
        raise
    key = body.get("api_key", {}).get("name")
    return Check("authentication", "ok", f"we are the API key {key!r}" if key else f"we are {body.get('username')!r}")


def _version(client: "Elasticsearch") -> Check:
    from elasticsearch import ApiError

    ours = version("elasticsearch")
    try:
        theirs = str(client.info().body["version"]["number"])
    except ApiError as error:
        if _is_mismatch(error):
            raise
        return Check("version", "note", f"the cluster does not say; client {ours} fits clusters of its major version")
    if int(theirs.partition(".")[0]) < int(ours.partition(".")[0]):
        told = f"Elasticsearch {theirs} is older than client {ours}: pip install 'elasticsearch<9'"
        return Check("version", "FAILED", told)
    return Check("version", "ok", f"Elasticsearch {theirs}, client {ours}")


def _privileges(client: "Elasticsearch") -> Check:
    from elasticsearch import ApiError

    asked = [{"names": [STREAMS], "privileges": [*NEEDED, *USEFUL]}]
    try:
        body = client.security.has_privileges(index=asked).body
    except ApiError as error:
        if error.status_code in _UNKNOWN_CALL:
            return Check("privileges", "ok", "nothing is restricted")
        raise
    held: dict[str, bool] = next(iter(body["index"].values()))
    missing = [name for name in NEEDED if not held.get(name)]
    if missing:
        told = f"{', '.join(missing)} on {STREAMS} is missing: nothing can be shipped with this key"
        return Check("privileges", "FAILED", told)
    useful = [name for name in USEFUL if not held.get(name)]
    if useful:
        told = f"enough to ship; {', '.join(useful)} on {STREAMS} would find events that are there in every case"
        return Check("privileges", "note", told)
    return Check("privileges", "ok", f"{', '.join((*NEEDED, *USEFUL))} on {STREAMS}")


def _templates(client: "Elasticsearch") -> Check:
    from elasticsearch import AuthorizationException

    try:
        changes = planned_changes(client)
    except AuthorizationException:
        return Check(
            "templates", "note", "this key may not look: run `netad setup elastic --dry-run` with one that may"
        )
    if not changes:
        return Check("templates", "ok", "all are there, in this version or a newer one")
    missing = [change.name for change in changes if change.installed is None]
    what = f"{', '.join(missing)} missing" if missing else f"{counted(len(changes), 'template')} older than this netad"
    return Check("templates", "FAILED", f"{what}: `netad setup elastic` puts them, and so does a run whose key may")


def _reading(client: "Elasticsearch") -> Check:
    from elasticsearch import AuthorizationException

    try:
        client.search(index=STREAMS, size=0, ignore_unavailable=True, allow_no_indices=True, filter_path="took")
    except AuthorizationException:
        told = "this key may not read: what is delivered already is known from this machine's ledger only"
        return Check("known events", "note", told)
    return Check("known events", "ok", "events that are there can be looked up")


_STEPS: dict[str, Callable[["Elasticsearch"], Check]] = {
    "authentication": _who,
    "version": _version,
    "privileges": _privileges,
    "templates": _templates,
    "known events": _reading,
}


def _clock(client: "Elasticsearch", clock: Callable[[], float]) -> Check:
    theirs = _their_time(client)
    if theirs is None:
        return Check("clock", "note", "the cluster does not say what time it is")
    apart = abs(theirs - clock())
    if apart > CLOCK_S:
        told = f"the two clocks are {apart:,.0f} s apart: rules that look back a few minutes miss events; set up NTP"
        return Check("clock", "FAILED", told)
    return Check("clock", "ok", f"{apart:.0f} s apart")


def _their_time(client: "Elasticsearch") -> float | None:
    """Return the cluster's time in seconds: a proxy's or cloud's Date header, else what `_cat` says."""
    from elasticsearch import ApiError

    try:
        answer = client.cat.health(format="json", h="epoch")
    except ApiError:
        return None
    date = answer.meta.headers.get("date")
    if date:
        with contextlib.suppress(ValueError):
            return parsedate_to_datetime(date).timestamp()
    rows: Any = answer.body
    return (
        float(rows[0]["epoch"]) if isinstance(rows, list) and rows and str(rows[0].get("epoch", "")).isdigit() else None
    )


def _repeated(client: "Elasticsearch", streams: str) -> Iterator[Check]:
    found = 0
    for repeated in repeated_events(client, streams):
        found += 1
        if found <= TOLD_REPEATED:
            told = f"{repeated.id} is in {' and '.join(repeated.indices)}: delete it from the newer one"
            yield Check("duplicates", "FAILED", told)
    if found > TOLD_REPEATED:
        yield Check("duplicates", "FAILED", f"{found:,} ids are there twice in all")
    elif not found:
        yield Check("duplicates", "ok", f"every id is once in {streams}")


def _is_mismatch(error: Any) -> bool:  # noqa: ANN401 - elasticsearch is imported only when used
    """Tell whether the cluster does not understand this client's version at all."""
    return "media_type_header_exception" in str(error.body)
