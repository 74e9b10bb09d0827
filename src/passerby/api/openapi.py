"""Describe the two operations in OpenAPI 3.1.

OpenAPI distinguishes operations by path and method, AWS JSON by a header. As in the
public conversions of AWS's models, the value of the header is the fragment of the path,
which is never sent.

Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12.
"""

from collections.abc import Iterable, Mapping

from passerby.api import protocol
from passerby.api.faults import DECLARED
from passerby.api.model import TARGET_PREFIX, ModelShape, ServiceModel, service_model

_JSON_TYPES = {
    "structure": {"type": "object"},
    "list": {"type": "array"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
}
# Members of the request that may also stand in the query of the URL.
_QUERY_MEMBERS = {"GetPersonTracking": protocol.QUERY_MEMBERS}

Description = dict[str, object]


def description() -> Description:
    """Describe the service, from its model."""
    model = service_model()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "passerby",
            "version": model.metadata.api_version,
            "description": "Paths of people through stored video, as Amazon Rekognition "
            "People Pathing gave them. Requests are signed with AWS Signature Version 4.",
        },
        "paths": {
            f"/#X-Amz-Target={TARGET_PREFIX}{name}": {"post": _operation(name, model)}
            for name in model.operations
        },
        "components": {
            "schemas": {
                **{name: _schema(shape) for name, shape in model.shapes.items()},
                "Fault": _FAULT,
            },
            "securitySchemes": {
                "hmac": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4, service rekognition",
                }
            },
        },
        "security": [{"hmac": []}],
    }


_FAULT = {
    "type": "object",
    "required": ["__type"],
    "properties": {name: {"type": "string"} for name in ("__type", "Code", "Message", "message")},
}


def _operation(name: str, model: ServiceModel) -> Description:
    operation = model.operations[name]
    codes = [error.shape for error in operation.errors]
    return {
        "operationId": name,
        "parameters": [
            _target(name),
            *(_query_parameter(member, model) for member in _QUERY_MEMBERS.get(name, ())),
        ],
        "requestBody": {"required": True, "content": _content(operation.input.shape, _ACCEPTED)},
        "responses": {
            "200": {
                "description": "Success",
                "content": _content(operation.output.shape, _ANSWERED),
            },
            **_refusals(codes),
        },
    }


_ACCEPTED = (protocol.CONTENT_TYPE, "application/json")
_ANSWERED = (protocol.CONTENT_TYPE,)


def _target(name: str) -> Description:
    return {
        "name": "X-Amz-Target",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "enum": [TARGET_PREFIX + name]},
    }


def _query_parameter(member: str, model: ServiceModel) -> Description:
    shape = model.shapes[model.operations["GetPersonTracking"].input.shape].members[member].shape
    return {"name": member, "in": "query", "required": False, "schema": _reference(shape)}


def _refusals(codes: Iterable[str]) -> Mapping[str, Description]:
    """Describe the answers other than success, by HTTP status."""
    front_end = {"400": ["and those of the AWS front end"], "413": ["The body is too long."]}
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(DECLARED[code].status), []).append(code)
    for status, texts in front_end.items():
        by_status.setdefault(status, []).extend(texts)
    return {
        status: {"description": ", ".join(texts), "content": _content("Fault", _ANSWERED)}
        for status, texts in by_status.items()
    }


def _content(schema: str, types: Iterable[str]) -> Description:
    return {media_type: {"schema": _reference(schema)} for media_type in types}


def _reference(name: str) -> Description:
    return {"$ref": f"#/components/schemas/{name}"}


def _schema(shape: ModelShape) -> Description:
    schema: Description = dict(_JSON_TYPES[shape.type])
    schema |= _limits(shape)
    if shape.pattern:
        schema["pattern"] = f"^(?:{shape.pattern})$"  # the model means the whole value
    if shape.enum:
        schema["enum"] = shape.enum
    if shape.member:
        schema["items"] = _reference(shape.member.shape)
    if shape.members:
        members = shape.members.items()
        schema["properties"] = {name: _reference(member.shape) for name, member in members}
    if shape.required:
        schema["required"] = shape.required
    return schema


def _limits(shape: ModelShape) -> Description:
    least, most = _LIMITS.get(shape.type, ("minimum", "maximum"))
    limits = {least: shape.min, most: shape.max}
    return {name: limit for name, limit in limits.items() if limit is not None}


_LIMITS = {"string": ("minLength", "maxLength"), "list": ("minItems", "maxItems")}
