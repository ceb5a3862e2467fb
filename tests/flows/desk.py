"""The stewards' desk over HTTP with three clients, and the worker that does its jobs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from werkzeug.test import TestResponse

from auth.clients import create_client
from datasets.work import HANDLERS
from registry.jobs.worker import Worker
from registry.kernel.access_log import AccessEvent
from tests.conftest import Service

SUBMITTER, APPROVER, OUTSIDER = "submitter", "approver", "outsider"
_SCOPES = {
    SUBMITTER: ["datasets:submit"],
    APPROVER: ["datasets:approve"],
    OUTSIDER: ["citizens:read", "changes:read"],
}


def csv_of(*rows: Mapping[str, str]) -> bytes:
    """Return rows as the CSV file that a steward would send."""
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


class DeskClient:
    """Calls the desk as one of three clients."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.tokens: dict[str, str] = {}
        with service.database.transaction() as session:
            secrets = {
                name: create_client(session, name, name, scopes).secret or ""
                for name, scopes in _SCOPES.items()
            }
        for name, secret in secrets.items():
            form = {"grant_type": "client_credentials"}
            client = service.app.test_client()
            told = client.post("/oauth/token", data=form, auth=(name, secret)).get_json()
            self.tokens[name] = told["access_token"]

    def set(self, **settings: Any) -> None:
        """Have the running application go by other settings."""
        state = self.service.app.extensions["sogoc"]
        self.service.app.extensions["sogoc"] = replace(
            state, settings=replace(state.settings, **settings)
        )

    def call(self, who: str, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | more.pop("headers", {})
        return self.service.app.test_client().open(
            f"/v1/{path}", method=method, headers=headers, buffered=True, **more
        )

    def get(self, path: str, who: str = SUBMITTER, **query: Any) -> Any:
        answer = self.call(who, "GET", path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post(self, path: str, who: str, status: int = 200, **body: Any) -> Any:
        answer = self.call(who, "POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def send(
        self,
        path: str,
        content: bytes,
        options: str | None = None,
        name: str = "dan.csv",
        who: str = SUBMITTER,
    ) -> TestResponse:
        form: dict[str, Any] = {"file": (io.BytesIO(content), name)}
        if options is not None:
            form["options"] = options
        return self.call(who, "POST", f"datasets/{path}", data=form)

    def submit(self, *rows: Mapping[str, str], dataset: str = "citizens") -> str:
        answer = self.send(f"{dataset}/submissions", csv_of(*rows))
        assert answer.status_code == 201, answer.text
        return f"datasets/submissions/{answer.get_json()['id']}"

    def work(self) -> None:
        """Do the jobs that are due, as a worker of its own would."""
        settings = self.service.app.extensions["sogoc"].settings
        Worker(self.service.database, settings, HANDLERS).run(lambda: False, idle_exit=0)

    def done(self, answer: TestResponse) -> Any:
        """Have a job that was promised done, and return what it tells."""
        assert answer.status_code == 202, answer.text
        self.work()
        job = self.get(answer.headers["Location"].removeprefix("/v1/"))
        assert job["state"] == "done", job
        return job["result"]

    def check(self, path: str) -> Any:
        return self.done(self.call(SUBMITTER, "POST", f"{path}/check"))

    def publish(self, path: str) -> Any:
        """Take a checked submission the rest of the way."""
        self.get(f"{path}/differences", APPROVER, unusual=True)
        self.post(f"{path}/approve", APPROVER)
        return self.done(self.call(APPROVER, "POST", f"{path}/publish", json={}))

    def logged(self, outcome: str) -> list[AccessEvent]:
        return [row for row in self.service.rows() if row.outcome == outcome]
