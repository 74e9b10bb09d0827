from typing import Any

import botocore.loaders
import botocore.serialize
import pytest
from botocore.model import ServiceModel, Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerby.api.model import operation_inputs
from passerby.api.protocol import operation_name, parameters
from passerby.api.validation import validated

MODEL = ServiceModel(botocore.loaders.Loader().load_service_model("rekognition", "service-2"))
WIRE = botocore.serialize.create_serializer("json", include_validation=False)
LONGEST = 80  # of texts whose bounds the model leaves wide; longer ones have their own tests


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Whatever botocore's model allows for a shape."""
    if shape.type_name == "structure":
        members = {name: values(member) for name, member in shape.members.items()}
        required = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(required, optional=members)
    rules = shape.metadata
    if shape.type_name == "integer":
        return st.integers(rules["min"], 2**31 - 1)
    if "enum" in rules:
        return st.sampled_from(rules["enum"])
    shortest, longest = rules.get("min", 0), min(rules.get("max", LONGEST), LONGEST)
    if "pattern" not in rules:
        return st.text(st.characters(codec="utf-8"), min_size=shortest, max_size=longest)
    ascii_only = st.characters(codec="ascii")
    fitting = st.from_regex(rules["pattern"], fullmatch=True, alphabet=ascii_only)
    return fitting.filter(lambda text: shortest <= len(text) <= rules.get("max", len(text)))


@pytest.mark.parametrize("name", ["StartPersonTracking", "GetPersonTracking"])
@settings(
    max_examples=50, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(data=st.data())
def test_what_the_model_allows_is_accepted(name: str, data: st.DataObject) -> None:
    operation = MODEL.operation_model(name)
    params = data.draw(values(operation.input_shape))

    request = WIRE.serialize_to_request(params, operation)

    called = operation_name(request["headers"]["X-Amz-Target"])
    assert called == name
    assert validated(parameters(request["body"]), operation_inputs()[called]) == params
