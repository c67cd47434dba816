"""A small Kibana: its status and import calls with their answers, as far as netad needs them."""

import email
import email.policy
import json
from dataclasses import dataclass, field
from typing import Any

from tests.elastic_server import Answer, Asked

SPACES = ("default", "soc")


@dataclass
class Kibana:
    """Plays Kibana for `serving`: keeps what is imported by space, type and id. `secret` is the key it wants."""

    version: str = "9.4.0"
    secret: str = ""
    kept: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answer:
        """Answer a request; those in `answers` (by the end of their path) as told."""
        for end, answer in self.answers.items():
            if asked.path.partition("?")[0].endswith(end):
                return answer
        if self.secret and asked.headers.get("authorization") != self.secret:
            return refusal(401, "[security_exception]: unable to authenticate user")
        path, space = asked.path, "default"
        if path.startswith("/s/"):
            _, _, space, rest = path.split("/", 3)
            path = f"/{rest}"
        if space not in SPACES:
            return refusal(404, f"Saved object [space/{space}] not found")
        return self._call(path, space, asked)

    def _call(self, path: str, space: str, asked: Asked) -> Answer:
        if path == "/api/status":
            return Answer(200, {"version": {"number": self.version}, "status": {"overall": {"level": "available"}}}, {})
        if asked.headers.get("kbn-xsrf") != "true":
            return refusal(400, "Request must contain a kbn-xsrf header.")
        if path == "/api/saved_objects/_import?overwrite=true":
            return self._import(space, uploaded(asked))
        if path == "/api/detection_engine/rules/_import?overwrite=false":
            return self._rules(space, uploaded(asked))
        return refusal(404, "Not Found")

    def _import(self, space: str, objects: list[dict[str, Any]]) -> Answer:
        known = {(one["type"], one["id"]) for one in objects}
        errors = []
        for one in objects:
            missing = [ref for ref in one["references"] if (ref["type"], ref["id"]) not in known]
            if missing:
                error = {"type": "missing_references", "references": missing}
                errors.append({"type": one["type"], "id": one["id"], "error": error})
            else:
                self.kept[space, one["type"], one["id"]] = one
        count = len(objects) - len(errors)
        return Answer(200, {"success": not errors, "successCount": count, **({"errors": errors} if errors else {})}, {})

    def _rules(self, space: str, rules: list[dict[str, Any]]) -> Answer:
        errors = []
        for rule in rules:
            key = (space, "rule", rule["rule_id"])
            if key in self.kept:
                error = {"status_code": 409, "message": f'rule_id: "{rule["rule_id"]}" already exists'}
                errors.append({"rule_id": rule["rule_id"], "error": error})
            else:
                self.kept[key] = rule
        return Answer(200, {"success": not errors, "success_count": len(rules) - len(errors), "errors": errors}, {})


def refusal(status: int, message: str) -> Answer:
    """What Kibana answers when it refuses."""
    return Answer(status, {"statusCode": status, "error": "Refused", "message": message}, {})


def uploaded(asked: Asked) -> list[dict[str, Any]]:
    """Return the objects of the file that a multipart form holds."""
    head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    (part,) = form.iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    assert str(part.get_filename()).endswith(".ndjson")
    return [json.loads(line) for line in part.get_payload(decode=True).splitlines()]
