import pytest

from passerby.api import faults
from passerby.api.faults import Fault, body, fault_of
from passerby.api.model import service_model
from passerby.errors import (
    DamagedVideo,
    JobNotFound,
    ObjectForbidden,
    ObjectNotFound,
    PasserbyError,
    SettingsError,
)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(
            Fault(faults.UNKNOWN_OPERATION),
            b'{"__type":"UnknownOperationException"}',
            id="front end, without a message",
        ),
        pytest.param(
            Fault(faults.MISSING_AUTHENTICATION),
            b'{"__type":"MissingAuthenticationTokenException",'
            b'"message":"Missing Authentication Token"}',
            id="front end",
        ),
        pytest.param(
            Fault(faults.VALIDATION, "1 validation error detected: {braces}"),
            b'{"__type":"ValidationException","message":"1 validation error detected: {braces}"}',
            id="text of the moment is taken as it is",
        ),
        pytest.param(
            Fault(faults.INVALID_S3_OBJECT),
            b'{"__type":"InvalidS3ObjectException","Code":"InvalidS3ObjectException","Message":'
            b'"Unable to get object metadata from S3. Check object key, region and/or access '
            b'permissions."}',
            id="declared",
        ),
        pytest.param(
            Fault(faults.LIMIT_EXCEEDED, open_jobs=22, limit=20, user="123456789012"),
            b'{"__type":"LimitExceededException","Code":"LimitExceededException","Message":'
            b'"22  open Jobs for User 123456789012. Maximum limit: 20"}',
            id="declared, with details",
        ),
    ],
)
def test_body(fault: Fault, expected: bytes) -> None:
    assert body(fault) == expected


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        pytest.param(ObjectNotFound(), "InvalidS3ObjectException", 400, id="no object"),
        pytest.param(ObjectForbidden(), "InvalidS3ObjectException", 400, id="not readable"),
        pytest.param(JobNotFound(), "ResourceNotFoundException", 400, id="no job"),
        pytest.param(SettingsError(), "InternalServerError", 500, id="ours"),
        pytest.param(DamagedVideo(), "InternalServerError", 500, id="never raised at the surface"),
    ],
)
def test_domain_errors(error: PasserbyError, code: str, status: int) -> None:
    fault = fault_of(error)

    assert (fault.kind.code, fault.kind.status) == (code, status)
    assert fault.message == fault.kind.message


def test_the_declared_kinds_are_those_of_the_operations() -> None:
    operations = service_model().operations.values()

    assert faults.DECLARED.keys() == {e.shape for each in operations for e in each.errors}
    assert all(kind.declared for kind in faults.DECLARED.values())


def test_server_errors_have_status_500() -> None:
    kinds = [kind for kind in vars(faults).values() if isinstance(kind, faults.FaultKind)]

    assert {kind.code for kind in kinds if kind.status == 500} == {
        "InternalServerError",
        "ThrottlingException",
    }
