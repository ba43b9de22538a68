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
WIDTH, LAYERS, HEADS, INNER = 96, 2, 4, 192
CONTEXT = 32_768
WORDS = 400
END_TOKEN = 2
BLANK = "▁"  # how this kind of vocabulary writes the space before a word

# A reply walks through these steps, one word in each, passing over one here and there but never over a
# mark; only after the last may it end, and there it must. The last token alone tells the step, so neither
# chance nor a cautious sampling makes a reply of fewer than thirty words, or one without an end.
STEPS = ("", "", "", "", ",", "", "", "", "", ".") * 5

# How likely a token is, as the mean of its logit; words vary by about one around theirs. Letters and bytes
# are there to read prompts with, and are written only where a schema leaves nothing else. The quotation
# mark ends a string where a sentence has ended; there are few in a reply without a schema.
WORD, QUOTE, END, NEVER = 0.0, -1.0, 4.0, -14.0

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
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_types([kind for _, kind in tokens])
    # Higher scores are merged first; all that matters is that pairs of letters are merged at all.
    writer.add_token_scores([float(len(text)) for text, _ in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END_TOKEN)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, weights in _weights([text for text, _ in tokens]):
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> Iterator[tuple[str, int]]:
    """(text, kind). Pairs of letters halve the length of a prompt in tokens; the words come last."""
    normal, unknown, control, byte = 1, 2, 3, 6
    yield "<unk>", unknown
    yield "<s>", control
    yield "</s>", control
    for value in range(256):
        yield f"<0x{value:02X}>", byte
    for character in (BLANK, *map(chr, range(0x21, 0x7F))):
        yield character, normal
    letters = "abcdefghijklmnopqrstuvwxyz"
    for first, second in product(BLANK + letters, letters):
        yield first + second, normal
    for place, word in enumerate(_words()):
        yield BLANK + word + STEPS[place % len(STEPS)], normal


def _words() -> list[str]:
    chance = random.Random(SEED)  # noqa: S311 - these are words, not secrets
    syllables = ["".join(pair) for pair in product("bdfgklmnprstvz", "aeiou")]
    endings = ["", "", "n", "r", "s", "l"]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        word = "".join(chance.choices(syllables, k=chance.choice((2, 2, 3)))) + chance.choice(endings)
        words[word] = None
    return list(words)


def _likely(tokens: list[str]) -> "numpy.ndarray":
    """How likely each token is after a word of each step; the last column is for all that is no word."""
    import numpy

    likely = numpy.full((len(tokens), len(STEPS) + 1), NEVER, dtype=numpy.float32)
    steps, quote = _steps(tokens), tokens.index('"')
    for step, mark in enumerate(STEPS):
        likely[steps == step + 1, step] = WORD
        if not mark and not STEPS[step + 1]:
            likely[steps == step + 2, step] = WORD
        if mark == ".":
            likely[quote, step] = QUOTE
    likely[:, len(STEPS) - 1] = NEVER
    likely[[END_TOKEN, quote], len(STEPS) - 1] = END, QUOTE
    likely[steps == 0, len(STEPS)] = WORD
    return likely


def _steps(tokens: list[str]) -> "numpy.ndarray":
    """The step each token is a word of; the number of steps for what is no word."""
    import numpy

    steps = numpy.full(len(tokens), len(STEPS))
    steps[-WORDS:] = numpy.arange(WORDS) % len(STEPS)
    return steps


def _weights(tokens: list[str]) -> Iterator[tuple[str, "numpy.ndarray"]]:
    """The first dimensions hold the step of the last token at every place; the likelihoods hang on them."""
    import numpy

    chance = numpy.random.default_rng(SEED)

    def random_matrix(rows: int, columns: int, size: float) -> "numpy.ndarray":
        return (chance.standard_normal((rows, columns)) * size).astype(numpy.float32)

    loud, held = 8.0, len(STEPS) + 1
    embedding = random_matrix(len(tokens), WIDTH, 1.0)
    embedding[:, :held] = loud * numpy.eye(held, dtype=numpy.float32)[_steps(tokens)]
    # After the last normalisation the step's dimension is about this, whatever was said before.
    steady = loud / ((loud**2 + WIDTH - held) / WIDTH) ** 0.5
    output = random_matrix(len(tokens), WIDTH, 1.4 / WIDTH**0.5)
    output[[END_TOKEN, tokens.index('"')]] = 0.0
    output[:, :held] = _likely(tokens) / steady
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
                weights[:held, :] = 0.0  # nothing is added to the dimensions that must stay
            yield f"blk.{layer}.{name}.weight", weights
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", numpy.ones(WIDTH, dtype=numpy.float32)
