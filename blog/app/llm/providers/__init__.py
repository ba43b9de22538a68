"""Adapters by the name of the wire format they speak. They know nothing of the rest of the product."""

from blog.app.llm.providers import anthropic, gemini, llama_cpp, ollama, openai, openai_responses
from blog.app.llm.providers.base import Adapter

ADAPTERS: dict[str, Adapter] = {
    "anthropic": anthropic,
    "gemini": gemini,
    "llama_cpp": llama_cpp,
    "ollama": ollama,
    "openai": openai,
    "openai_responses": openai_responses,
}
