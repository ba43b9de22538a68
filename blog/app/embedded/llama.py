"""The model that comes along: finds GGUF files, and writes a tiny one that rehearses without a real one.

The rehearsal model is a real llama with random weights: real loading, tokens and streaming, nonsense
text. It is no stand-in for a model, and must never be offered as one.
"""

import os
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

SEED = 20_260_101
WIDTH, LAYERS, HEADS, INNER = 64, 2, 4, 192
CONTEXT = 32_768
WORDS = 320
END_TOKEN = 2
BLANK = "▁"  # how this kind of vocabulary writes the space before a word

# How likely a token is, as the mean of its logit; words vary by about one around theirs. A reply ends
# by itself after a hundred words or so. Letters and bytes are there to read prompts with, and are
# written only where a schema leaves nothing else.
WORD, FULL_STOP, COMMA, END, QUOTE, NEVER = 0.0, 2.9, 2.5, 1.7, 1.7, -14.0

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def find_gguf(models_dir: Path, extra: Path | None) -> list[Path]:
    """The folder's models by name, after the one that was named itself."""
    found = sorted(path for path in models_dir.glob("*.gguf") if path.is_file())
    if extra is None or not extra.is_file():
        return found
    return [extra, *(path for path in found if path.resolve() != extra.resolve())]


def write_rehearsal_model(path: Path) -> None:
    """The same bytes every time; readers see the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(path: Path) -> None:
    import gguf  # brings numpy: not for processes that only look for files

    tokens = list(_vocabulary())
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("rehearsal")
    writer.add_description("Random weights. Streams nonsense; for rehearsing a workflow.")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_types([kind for _, kind, _ in tokens])
    # Higher scores are merged first; all that matters is that pairs of letters are merged at all.
    writer.add_token_scores([float(len(text)) for text, _, _ in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END_TOKEN)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, weights in _weights([likely for _, _, likely in tokens]):
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> Iterator[tuple[str, int, float]]:
    """(text, kind, how likely). Pairs of letters halve the length of a prompt in tokens."""
    normal, unknown, control, byte = 1, 2, 3, 6
    yield "<unk>", unknown, NEVER
    yield "<s>", control, NEVER
    yield "</s>", control, END
    for value in range(256):
        yield f"<0x{value:02X}>", byte, NEVER
    special = {".": FULL_STOP, ",": COMMA, '"': QUOTE}
    for character in (BLANK, *map(chr, range(0x21, 0x7F))):
        yield character, normal, special.get(character, NEVER)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first, second in product(BLANK + letters, letters):
        yield first + second, normal, NEVER
    for word in _words():
        yield BLANK + word, normal, WORD


def _words() -> list[str]:
    chance = random.Random(SEED)  # noqa: S311 - these are words, not secrets
    syllables = ["".join(pair) for pair in product("bdfgklmnprstvz", "aeiou")]
    endings = ["", "", "n", "r", "s", "l"]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        word = "".join(chance.choices(syllables, k=chance.choice((2, 2, 3)))) + chance.choice(endings)
        words[word] = None
    return list(words)


def _weights(likely: list[float]) -> Iterator[tuple[str, "numpy.ndarray"]]:
    """The first dimension stays the same at every place; through it each token gets its likelihood."""
    import numpy

    chance = numpy.random.default_rng(SEED)

    def random_matrix(rows: int, columns: int, size: float) -> "numpy.ndarray":
        return (chance.standard_normal((rows, columns)) * size).astype(numpy.float32)

    constant = 4.0
    embedding = random_matrix(len(likely), WIDTH, 1.0)
    embedding[:, 0] = constant
    # After the last normalisation a place's first dimension is about this, whatever was said before.
    steady = constant / ((constant**2 + WIDTH - 1) / WIDTH) ** 0.5
    output = random_matrix(len(likely), WIDTH, 1.1 / WIDTH**0.5)
    output[END_TOKEN] = 0.0  # as likely after every word: no reply ends with its first
    output[:, 0] = numpy.asarray(likely, dtype=numpy.float32) / steady
    yield "token_embd.weight", embedding
    yield "output.weight", output
    yield "output_norm.weight", numpy.ones(WIDTH, dtype=numpy.float32)
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("attn_q", WIDTH, WIDTH),
            ("attn_k", WIDTH, WIDTH),
            ("attn_v", WIDTH, WIDTH),
            ("attn_output", WIDTH, WIDTH),
            ("ffn_gate", INNER, WIDTH),
            ("ffn_up", INNER, WIDTH),
            ("ffn_down", WIDTH, INNER),
        ):
            weights = random_matrix(rows, columns, 0.9 / columns**0.5)
            if name in {"attn_output", "ffn_down"}:
                weights[0, :] = 0.0  # nothing is added to the dimension that must stay
            yield f"blk.{layer}.{name}.weight", weights
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", numpy.ones(WIDTH, dtype=numpy.float32)
