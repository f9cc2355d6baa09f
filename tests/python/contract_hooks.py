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
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

SERVER = json.loads(os.environ["CINEMATCH_CONTRACT"])

# Which names a parameter of an address, and which a field of a body takes.
IN_QUERIES = {
    "genre": "genres",
    "genre_all": "genres",
    "genre_none": "genres",
    "service": "services",
    "region": "regions",
    "model": "models",
}
IN_BODIES = {
    "preferred_genres": "genres",
    "any": "genres",
    "all": "genres",
    "none": "genres",
    "services": "services",
    "region": "regions",
    "model": "models",
}
# Fields of bodies (schema, field) that take other names as well.
FREE = {("NewPreferences", "services")}
# The parts of what `cinematch train` trains.
MODELS = ["hybrid", "edlae", "ials", "content", "popular"]
# Refusals by rules that no schema can express: the field, and the beginning of the message.
RULES = [
    (r"runtime_min", r"\d+ is more than runtime_max"),
    (r"(filters\.)?year_min", r"\d+ is after year_max"),
    (r"services|runtime_min|runtime_max", r"given here and in filters"),
    (r"(filters\.languages|language)\[\d+\]", r"unknown language"),
    # Each region has services of its own.
    (r"services?(\[\d+\])?", r"unknown service"),
    (r"cursor", r"expected a next_cursor"),
    # Where the profile that asks is known, a film's number stands at the place of somebody's name:
    # sequences put names there.
    (r"user_id", r"expected a whole number"),
    # At least one of three fields.
    (r"signal", r"is missing"),
]
# Where the body is a file: what it has to be no schema says, and whatever is sent is some text.
TAKES_A_FILE = "/api/import"


def get(path):
    """A reply of the server's as JSON."""
    reply = requests.get(SERVER["address"] + path, headers=SERVER["headers"], timeout=30)
    reply.raise_for_status()
    return reply.json()


def enumerate_names(schema, names):
    """Puts the names into a schema of a string, perhaps a list of them or null."""
    if "items" in schema:
        enumerate_names(schema["items"], names)
        return
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        names = [*names, None]
    schema["enum"] = names


def sent_fields(document):
    """Everything that requests carry: what names it takes or none, and its schema."""
    schemas = document["components"]["schemas"]
    seen, waiting = set(), []
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    yield IN_QUERIES.get(parameter["name"]), parameter["schema"]
            waiting.append((None, operation.get("requestBody", {})))
    while waiting:
        owner, part = waiting.pop()
        if isinstance(part, list):
            waiting += [(owner, item) for item in part]
        elif isinstance(part, dict):
            waiting += [(owner, item) for item in part.values()]
            for field, schema in part.get("properties", {}).items():
                yield (owner, field) not in FREE and IN_BODIES.get(field), schema
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append((name, schemas[name]))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Adds to the document the catalogue's names, and who is calling."""
    services = get("/api/services")
    regions = services["regions"]
    of_regions = [name for region in regions for name in get(f"/api/services?region={region}")["services"]]
    known = {
        "genres": get("/api/genres")["genres"],
        "services": list(dict.fromkeys(services["services"] + of_regions)),
        "regions": regions,
        "models": MODELS,
    }
    for names, schema in list(sent_fields(raw_schema)):
        if known.get(names):
            enumerate_names(schema, known[names])
    # Nobody may read or remove others: only with one's own number is there anything to accept.
    caller = SERVER["headers"].get("X-User-Id")
    for path, methods in raw_schema["paths"].items():
        for operation in methods.values() if path.startswith("/api/users/") and caller else []:
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["example"] = caller


def without_point(parameters):
    """Writes whole numbers as people write them in addresses: `1.0` is an integer to JSON Schema only."""
    whole = {name: int(value) for name, value in parameters.items() if is_whole(value)}
    return {**parameters, **whole}


def is_whole(value):
    """Whether a value is a number with a point, but without a fraction."""
    return isinstance(value, float) and value.is_integer()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """See without_point."""
    return path_parameters and without_point(path_parameters)


@schemathesis.hook
def map_query(context, query):
    """See without_point."""
    return query and without_point(query)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops the refusals by RULES, and whatever a schema says of the content of files."""
    if case.path == TAKES_A_FILE and isinstance(failure, (RejectedPositiveData, AcceptedNegativeData)):
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    errors = response.json()["errors"]
    return not (errors and all(any(matches(error, rule) for rule in RULES) for error in errors))


def matches(error, rule):
    """Whether a refusal of a field is by a rule."""
    field, message = rule
    return re.fullmatch(field, error["field"]) and re.match(message, error["message"])
