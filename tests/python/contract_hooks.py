"""Schemathesis hooks for rules of the server that an OpenAPI document cannot express.

The names of genres, services, regions and models depend on the catalog. The hooks request these names and add
them to the document as enumerations, so that generated requests contain valid names, and invalid names must be
rejected. A schema cannot express rules that involve several fields. If the schema allows a request and the server
rejects it by such rules only, the rejection is not a failure.

The environment variable CINEMATCH_CONTRACT contains the server's address and the headers of every request, as JSON.
"""

import json
import os
import re

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

SERVER = json.loads(os.environ["CINEMATCH_CONTRACT"])

# Kinds of names by query parameter and by body field.
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
# Body fields (schema, field) that also accept names outside the catalog.
ACCEPTS_ANY_NAME = {("NewPreferences", "services")}
# Values of `model` for the default model of `cinematch train`.
MODELS = ["hybrid", "edlae", "ials", "content", "popular"]
# Rules that a schema cannot express: patterns of the field and of the beginning of the message of a rejection.
RULES = [
    (r"runtime_min", r"\d+ is more than runtime_max"),
    (r"(filters\.)?year_min", r"\d+ is after year_max"),
    (r"services|runtime_min|runtime_max", r"given here and in filters"),
    (r"(filters\.languages|language)\[\d+\]", r"unknown language"),
    # Every region has its own services.
    (r"services?(\[\d+\])?", r"unknown service"),
    (r"cursor", r"expected a next_cursor"),
    # The path parameter `user_id` of DELETE /api/watchlist/{user_id} is a movie ID, but stateful sequences insert
    # user names.
    (r"user_id", r"expected a whole number"),
    # At least one of the three fields must be present.
    (r"signal", r"is missing"),
]
# The body of this operation is a file, whose format a schema cannot express.
FILE_UPLOAD = "/api/import"


def get(path):
    """Return the server's reply to a GET request as JSON."""
    reply = requests.get(SERVER["address"] + path, headers=SERVER["headers"], timeout=30)
    reply.raise_for_status()
    return reply.json()


def enumerate_names(schema, names):
    """Restrict the schema of a string, a nullable string or a list of strings to the names."""
    if "items" in schema:
        enumerate_names(schema["items"], names)
        return
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        names = [*names, None]
    schema["enum"] = names


def sent_fields(document):
    """Yield the kind of names, or None or False, and the schema of every query parameter and body field."""
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
                yield (owner, field) not in ACCEPTS_ANY_NAME and IN_BODIES.get(field), schema
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append((name, schemas[name]))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Add the names of the catalog and the caller's user ID to the document."""
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
    # Only requests with the caller's own ID can succeed.
    caller = SERVER["headers"].get("X-User-Id")
    for path, methods in raw_schema["paths"].items():
        for operation in methods.values() if path.startswith("/api/users/") and caller else []:
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["example"] = caller


def without_decimal_point(parameters):
    """Return the parameters with whole floats as integers, because only JSON Schema accepts `1.0` as an integer."""
    whole = {name: int(value) for name, value in parameters.items() if is_whole(value)}
    return {**parameters, **whole}


def is_whole(value):
    """Return True if the value is a float without a fraction."""
    return isinstance(value, float) and value.is_integer()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Write whole numbers in paths without a decimal point."""
    return path_parameters and without_decimal_point(path_parameters)


@schemathesis.hook
def map_query(context, query):
    """Write whole numbers in queries without a decimal point."""
    return query and without_decimal_point(query)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Return False for rejections by RULES, and for accepted or rejected uploads of files."""
    if case.path == FILE_UPLOAD and isinstance(failure, (RejectedPositiveData, AcceptedNegativeData)):
        return False
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 422:
        return True
    errors = response.json()["errors"]
    return not (errors and all(any(matches(error, rule) for rule in RULES) for error in errors))


def matches(error, rule):
    """Return a match if the rule explains the error, or None."""
    field, message = rule
    return re.fullmatch(field, error["field"]) and re.match(message, error["message"])
