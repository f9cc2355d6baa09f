"""What no OpenAPI document can say of the server that schemathesis calls.

The names of genres, services, regions and models are the catalogue's: they are asked for and put into the
document as enumerations. So valid requests get past the names, and names that do not exist have to be
refused. Rules between two fields cannot be written in a schema: a refusal for one of them, and for nothing
else, is right for a request that the schema allows.

CINEMATCH_CONTRACT names the server's address and the headers of every request as JSON.
"""

import json
import os
import re

import requests
import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

SERVER = json.loads(os.environ["CINEMATCH_CONTRACT"])

# Which names a field takes, wherever it is in the document.
NAMES = {
    "preferred_genres": "genres",
    "genre": "genres",
    "any": "genres",
    "all": "genres",
    "none": "genres",
    "services": "services",
    "region": "regions",
    "model": "models",
}
# The parts of what `cinematch train` trains.
MODELS = ["hybrid", "edlae", "ials", "content", "popular"]
# Refusals by rules that no schema can express: the field, and the beginning of the message.
RULES = [
    (r"runtime_min", r"\d+ is more than runtime_max"),
    (r"filters\.year_min", r"\d+ is after year_max"),
    (r"services|runtime_min|runtime_max", r"given here and in filters"),
    (r"filters\.languages\[\d+\]", r"unknown language"),
    # Each region has services of its own.
    (r"services\[\d+\]", r"unknown service"),
]


def get(path):
    """A reply of the server's as JSON."""
    reply = requests.get(SERVER["address"] + path, headers=SERVER["headers"], timeout=30)
    reply.raise_for_status()
    return reply.json()


def enumerate_names(schema, names):
    """Puts the names into a schema of a string, perhaps a list of them or null."""
    if "items" in schema:
        return enumerate_names(schema["items"], names)
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        names = [*names, None]
    schema["enum"] = names


def sent_fields(document):
    """The name and the schema of everything that requests carry: query parameters, and what bodies have."""
    schemas = document["components"]["schemas"]
    seen, waiting = set(), []
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    yield parameter["name"], parameter["schema"]
            waiting.append(operation.get("requestBody", {}))
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            yield from part.get("properties", {}).items()
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append(schemas[name])


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Adds the catalogue's names to the document."""
    services = get("/api/services")
    regions = services["regions"]
    of_regions = [name for region in regions for name in get(f"/api/services?region={region}")["services"]]
    known = {
        "genres": get("/api/genres")["genres"],
        "services": list(dict.fromkeys(services["services"] + of_regions)),
        "regions": regions,
        "models": MODELS,
    }
    for name, schema in list(sent_fields(raw_schema)):
        if known.get(NAMES.get(name)):
            enumerate_names(schema, known[NAMES[name]])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the refusals by RULES."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    errors = response.json()["errors"]
    return not (errors and all(any(matches(error, rule) for rule in RULES) for error in errors))


def matches(error, rule):
    """Whether a refusal of a field is by a rule."""
    field, message = rule
    return re.fullmatch(field, error["field"]) and re.match(message, error["message"])
