"""The OpenAPI document: every operation lists the problems it may answer, and their schema."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from service.api.problems import MEDIA_TYPE, invalid_request, problem
from service.api.till.schemas import BasketIn, LookupIn, OfflineIn, ReturnIn, VoidIn
from service.files.agreements import AgreementsIn

_SCHEMAS = "#/components/schemas/"
_TILL = "till"
# Answers for the process alone, without the database.
_WITHOUT_DATABASE = "/health/live"
_PROBLEM_TEXTS = {
    HTTPStatus.UNAUTHORIZED: "No valid key was sent",
    HTTPStatus.FORBIDDEN: "The key may not do that",
    HTTPStatus.NOT_FOUND: "It does not exist, or this key may not see it",
    HTTPStatus.CONFLICT: "It contradicts the present state",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "A body of this type is not read here",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request cannot be understood",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many unknown codes were presented",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not ready for work; ask again later",
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", {"type": "string"}),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", {"type": "integer", "minimum": 1}),
}


class FaultOut(BaseModel):
    """One fault in what was sent."""

    pointer: str = Field(description="A JSON pointer into the body, or the parameter's name")
    detail: str
    remedy: str = Field(default="", description="What to do about it")


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path of the request, without its query")
    request: str = Field(description="The id of the request, as in `X-Request-Id` and in the log")
    errors: list[FaultOut] = Field(default=[], description="Each fault, where there are several")
    notes: list[str] = Field(
        default=[], description="What must be accepted before a file is loaded"
    )
    accept: str = Field(default="", description="The digest that accepts these notes")


_READ_RAW = (AgreementsIn, BasketIn, LookupIn, OfflineIn, ReturnIn, VoidIn)
"""Bodies that the framework does not read."""


class DocumentedApp(FastAPI):
    """An application whose OpenAPI document lists the problems of each operation."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, built once."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        # FastAPI's own schema of a refused body is never sent.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for model in (ProblemOut, *_READ_RAW):
            schema = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
            schemas |= {**schema.pop("$defs", {}), model.__name__: schema}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for status in _problems(path, method, operation):
                    operation["responses"][str(status.value)] = _response(status)
        return document


QUEUED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Queued: poll the run",
        "headers": {
            "Location": {
                "required": True,
                "description": "The run's address",
                "schema": {"type": "string", "pattern": "^/v1/runs/"},
            }
        },
    }
}
"""For a route's `responses`: a run was queued."""


def install(app: FastAPI) -> None:
    """Answer a method that a path does not have with the methods it has, and invalid requests."""
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_allowed)
    app.add_exception_handler(RequestValidationError, _invalid)


def may_answer(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: problems that its parameters do not imply."""
    return {status.value: _response(status) for status in statuses}


def _problems(path: str, method: str, operation: dict[str, Any]) -> list[HTTPStatus]:
    """The problems that an operation may answer, by its parameters, body, method and tags."""
    found = []
    parameters = operation.get("parameters", ())
    if "security" in operation:
        found += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    if any(parameter["in"] == "path" for parameter in parameters):
        found.append(HTTPStatus.NOT_FOUND)
    if method != "get":
        found.append(HTTPStatus.CONFLICT)
    if "requestBody" in operation:
        found.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if parameters or "requestBody" in operation:
        found.append(HTTPStatus.UNPROCESSABLE_ENTITY)
    if _TILL in operation.get("tags", ()):
        found.append(HTTPStatus.TOO_MANY_REQUESTS)
    if path != _WITHOUT_DATABASE:
        found.append(HTTPStatus.SERVICE_UNAVAILABLE)
    return found


def _response(status: HTTPStatus) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _PROBLEM_TEXTS.get(status, status.phrase),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemOut"}}},
    }
    if status in _HEADERS:
        name, schema = _HEADERS[status]
        response["headers"] = {name: {"required": True, "schema": schema}}
    return response


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if request.path_params:
        methods = request.app.openapi()["paths"].get(request.url.path)
        if methods is not None and request.method.lower() not in methods:
            # A path with a parameter matched the path of another route, which has other methods.
            return await _not_allowed(request, HTTPException(HTTPStatus.METHOD_NOT_ALLOWED))
    return await invalid_request(request, error)


async def _not_allowed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    paths: dict[str, Any] = request.app.openapi()["paths"]
    path = request.url.path
    # A path without parameters goes before one that has a parameter in the same place.
    here = [path] if path in paths else [p for p in paths if compile_path(p)[0].match(path)]
    methods = {method.upper() for each in here for method in paths[each]}
    headers = dict(error.headers or {})
    if methods:
        headers["Allow"] = ", ".join(sorted(methods))
    return problem(
        request,
        status=error.status_code,
        title="Method Not Allowed",
        detail="Method Not Allowed",
        headers=headers,
    )
