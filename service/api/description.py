"""The OpenAPI document: every operation tells which problems it answers, and their form."""

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

_FORMS = "#/components/schemas/"
_TILL = "till"
# It answers for the process, and asks the database nothing.
_NEEDS_NOTHING = "/health/live"
_TOLD = {
    HTTPStatus.UNAUTHORIZED: "No valid key was sent",
    HTTPStatus.FORBIDDEN: "The key may not do that",
    HTTPStatus.NOT_FOUND: "The thing named is not there, or not for this key",
    HTTPStatus.CONFLICT: "It contradicts the present state",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
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
    instance: str = Field(description="The path that was asked, without its query")
    errors: list[FaultOut] = Field(default=[], description="Each fault, where there are several")


class Described(FastAPI):
    """An application whose description tells its problems."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        forms = document.setdefault("components", {}).setdefault("schemas", {})
        # FastAPI's own form of a refused body is never sent.
        for name in ("HTTPValidationError", "ValidationError"):
            forms.pop(name, None)
        for model in (ProblemOut, BasketIn, LookupIn, OfflineIn, VoidIn, ReturnIn):
            form = model.model_json_schema(ref_template=_FORMS + "{model}")
            forms |= {**form.pop("$defs", {}), model.__name__: form}
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
"""For a route's `responses`: long work was asked for."""


def install(app: FastAPI) -> None:
    """Answer a method that is not there with every method that is."""
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _not_allowed)
    app.add_exception_handler(RequestValidationError, _invalid)


def may_answer(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: problems that its form does not tell."""
    return {status.value: _response(status) for status in statuses}


def _problems(path: str, method: str, operation: dict[str, Any]) -> list[HTTPStatus]:
    """The problems an operation may answer, by its form."""
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
    if path != _NEEDS_NOTHING:
        found.append(HTTPStatus.SERVICE_UNAVAILABLE)
    return found


def _response(status: HTTPStatus) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": _TOLD.get(status, status.phrase),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_FORMS}ProblemOut"}}},
    }
    if status in _HEADERS:
        name, form = _HEADERS[status]
        told["headers"] = {name: {"required": True, "schema": form}}
    return told


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    if request.path_params:
        methods = request.app.openapi()["paths"].get(request.url.path)
        if methods is not None and request.method.lower() not in methods:
            # Its path, which is written out, was taken for the name of something.
            return await _not_allowed(request, HTTPException(HTTPStatus.METHOD_NOT_ALLOWED))
    return await invalid_request(request, error)


async def _not_allowed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    paths: dict[str, Any] = request.app.openapi()["paths"]
    asked = request.url.path
    # A path that is written out goes before one with a name in its place.
    here = [asked] if asked in paths else [p for p in paths if compile_path(p)[0].match(asked)]
    methods = {method.upper() for path in here for method in paths[path]}
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
