"""Adapters by the name of the wire format they speak. They know nothing of the rest of the product."""

from blog.app.llm.providers import llama_cpp, ollama, openai
from blog.app.llm.providers.base import Adapter

ADAPTERS: dict[str, Adapter] = {
    "llama_cpp": llama_cpp,
    "ollama": ollama,
    "openai": openai,
}
