"""Has schemathesis call every operation with a token of each scope by itself, and with none, on one node.

Standard input says where, what real things addresses may name, and which tables each scope may change. Standard output
has the problems, and the statuses of each operation by each scope.
"""

import base64
import hashlib
import json
import sqlite3
import sys
import urllib.parse
import urllib.request
from collections import Counter, defaultdict

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance,
]


def token(task, scope):
    """A token of the service for the scope alone; it is told in the header, so that no run ends that of another."""
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
    basic = base64.b64encode(f"{task['client']}:{task['secret']}".encode()).decode()
    request = urllib.request.Request(task["issuer"] + "/token", form, {"Authorization": "Basic " + basic})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["access_token"]


def rows(task):
    """Digests of all rows, by table; of what the node itself works on, such as messages that it sends, the keys alone."""
    with sqlite3.connect(f"file:{task['database']}?mode=ro", uri=True, timeout=60) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
        found = {}
        for name in names:
            if name in task["always"]:
                continue
            columns = task["worked_on"].get(name, "*")
            found[name] = {hashlib.sha256(repr(row).encode()).digest() for row in db.execute(f'SELECT {columns} FROM "{name}"')}
    return found


def examine(task, run, operations):
    problems, statuses = [], defaultdict(Counter)
    headers = {"Authorization": "Bearer " + token(task, run["scope"])} if run["scope"] else {}
    before = rows(task)
    for operation in operations:
        name, real = operation.definition.raw["operationId"], [True]

        @seed(task["seed"])
        @settings(max_examples=task["examples"], database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def call(case):
            for parameter in case.path_parameters if real[0] else ():
                case.path_parameters[parameter] = run["real"].get(parameter, case.path_parameters[parameter])
            real[0] = not real[0]
            response = case.call(headers=headers, timeout=120)
            statuses[name][str(response.status_code)] += 1
            case.validate_response(response, checks=CHECKS)

        try:
            call()
        except FailureGroup as failures:
            problems += [f"{name}: {failure}" for failure in failures.exceptions]
        except Exception as failure:
            problems.append(f"{name}: {failure!r}")
    after = rows(task)
    changed = sorted(table for table in after if after[table] != before.get(table))
    return {"scope": run["scope"], "problems": problems, "statuses": statuses, "changed": changed}


def main():
    task = json.load(sys.stdin)
    schema = schemathesis.openapi.from_url(task["issuer"] + "/admin/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    operations = [o for o in operations if o.definition.raw["operationId"] not in task["without"]]
    operations.sort(key=lambda o: o.method.upper() == "DELETE")  # what is there for all to find goes last
    json.dump([examine(task, run, operations) for run in task["runs"]], sys.stdout)


main()
