"""`/docs`: the OpenAPI document to read and to try out, without requests to other servers.

The viewer is Swagger UI 5.35.0 from its package `swagger-ui-dist`, under its own licence
(`swagger_ui/LICENSE`).
"""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_FILES = Path(__file__).with_name("swagger_ui")
_ADDRESS = "/docs/viewer"
# The validator badge would send the document to another server.
_OPTIONS = {"validatorUrl": None, "docExpansion": "list", "defaultModelsExpandDepth": 0}


def install(app: FastAPI) -> None:
    """Serve the page and the files of the viewer."""
    app.add_route("/docs", _page, include_in_schema=False)
    app.mount(_ADDRESS, StaticFiles(directory=_FILES), name="viewer")


async def _page(request: Request) -> HTMLResponse:
    root = request.scope.get("root_path", "").rstrip("/")
    return get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=f"{request.app.title}: the HTTP interface",
        swagger_js_url=f"{root}{_ADDRESS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_ADDRESS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_ADDRESS}/favicon-32x32.png",
        swagger_ui_parameters=_OPTIONS,
    )
