"""Tell which methods a path has, for the answer to any other."""

from starlette.requests import Request
from starlette.routing import Match, Route


def allowed_methods(request: Request) -> str:
    """Give the value of the `Allow` header for the path of a request (RFC 9110, 10.2.1).

    Several routes of the application may have the same path and different methods.
    """
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    fitting = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))
