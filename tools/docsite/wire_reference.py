"""The page on the two operations, from the service model and the table of faults."""

from collections.abc import Iterator

from tools.docsite.tables import table

from passerby.api import protocol
from passerby.api.faults import DECLARED
from passerby.api.model import ModelShape, ServiceModel, service_model

INTRODUCTION = f"""# Operations

What the service model says of requests and answers; what the server makes of it is told
[on the wire](../wire.md). Send a `POST` with `X-Amz-Target: RekognitionService.<Operation>`,
`Content-Type: {protocol.CONTENT_TYPE}` and AWS Signature Version 4. A server describes the same
as OpenAPI 3.1 under `/openapi.json`.

The members of a face that are always there, sometimes or never: [faces](../wire.md#faces).
"""


def wire_page() -> str:
    """The whole page."""
    model = service_model()
    operations = [_operation(name, model) for name in model.operations]
    shapes = [_shape(name, model) for name in model.shapes if _is_described(name, model)]
    return "\n".join([INTRODUCTION, *operations, "## Shapes\n", *shapes])


def _operation(name: str, model: ServiceModel) -> str:
    operation = model.operations[name]
    faults = [DECLARED[error.shape] for error in operation.errors]
    rows = [[f"`{each.code}`", str(each.status), each.message or ""] for each in faults]
    return "\n".join(
        [
            f"## {name}\n",
            "**Request**\n",
            _members(model.shapes[operation.input.shape], model),
            "**Answer**\n",
            _members(model.shapes[operation.output.shape], model),
            "**Errors**\n",
            table(["Code", "Status", "Message"], rows),
        ]
    )


def _is_described(name: str, model: ServiceModel) -> bool:
    """Whether it is a structure that no operation shows by itself."""
    shown = {each.input.shape for each in model.operations.values()}
    shown |= {each.output.shape for each in model.operations.values()}
    shape = model.shapes[name]
    return shape.type == "structure" and bool(shape.members) and name not in shown | DECLARED.keys()


def _shape(name: str, model: ServiceModel) -> str:
    return f"### {name}\n\n{_members(model.shapes[name], model)}"


def _members(shape: ModelShape, model: ServiceModel) -> str:
    rows = [
        [f"`{name}`", _kind(member.shape, model), "yes" if name in shape.required else ""]
        for name, member in shape.members.items()
    ]
    return table(["Member", "Type", "Required"], rows)


def _kind(name: str, model: ServiceModel) -> str:
    shape = model.shapes[name]
    if shape.member:
        return f"list of {_kind(shape.member.shape, model)}"
    if shape.type == "structure":
        return f"[{name}](#{name.lower()})"
    return ", ".join([shape.type, *_limits(shape)])


def _limits(shape: ModelShape) -> Iterator[str]:
    if shape.enum:
        yield " or ".join(f"`{each}`" for each in shape.enum)
    if shape.min is not None or shape.max is not None:
        unit = " characters" if shape.type == "string" else ""
        least = "" if shape.min is None else f"{shape.min:,}"
        most = "" if shape.max is None else f"{shape.max:,}"
        yield f"{least}…{most}{unit}"
    if shape.pattern:
        yield f"`{shape.pattern}`"
