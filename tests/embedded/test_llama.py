"""The model that comes along."""

from pathlib import Path

import pytest

from blog.app.embedded import llama


def test_models_are_found_by_name_and_the_named_one_comes_first(tmp_path: Path):
    for name in ("b.gguf", "a.gguf", "readme.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.gguf").mkdir()
    a, b = tmp_path / "a.gguf", tmp_path / "b.gguf"
    assert llama.find_gguf(tmp_path, None) == [a, b]
    assert llama.find_gguf(tmp_path, b) == [b, a]
    assert llama.find_gguf(tmp_path, tmp_path / "none.gguf") == [a, b]
    assert llama.find_gguf(tmp_path / "nowhere", None) == []


def test_the_rehearsal_model_is_the_same_every_time(tmp_path: Path):
    first, second = tmp_path / "new" / "one.gguf", tmp_path / "two.gguf"
    llama.write_rehearsal_model(first)
    llama.write_rehearsal_model(second)
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == ["one.gguf"]


def test_a_failed_writing_leaves_what_was_there(tmp_path: Path, monkeypatch):
    path = tmp_path / "one.gguf"
    path.write_text("before")

    def broken(unfinished: Path) -> None:
        unfinished.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(llama, "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        llama.write_rehearsal_model(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
