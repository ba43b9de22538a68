"""What the rows say of a model and of its server; the model's counts for more. Pure, reads no row itself."""

from blog.app.llm.providers.base import ChatRequest, Endpoint
from blog.app.llm.providers.framing import sequence


def said(request: ChatRequest, name: str) -> object:
    return request.traits.options.get(name, request.endpoint.options.get(name))


def word(request: ChatRequest, name: str) -> str | None:
    value = said(request, name)
    return value if isinstance(value, str) and value else None


def words(request: ChatRequest, name: str) -> tuple[str, ...]:
    return tuple(each for each in sequence(said(request, name)) if isinstance(each, str))


def option(endpoint: Endpoint, name: str) -> str | None:
    """For what a model's row has no say in: where a call goes and who makes it."""
    value = endpoint.options.get(name)
    return value if isinstance(value, str) and value else None


def refused(request: ChatRequest) -> frozenset[str]:
    """What neither the model nor its server takes, whatever else is asked."""
    of_server = (each for each in sequence(request.endpoint.options.get("refused")) if isinstance(each, str))
    return request.traits.refused.union(of_server)
