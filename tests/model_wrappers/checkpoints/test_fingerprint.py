import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints import fingerprint as module
from model_wrappers.checkpoints.fingerprint import file_hash, fingerprint, folder_fingerprint


@pytest.fixture
def base(llava_folder, tmp_path):
    return Path(shutil.copytree(llava_folder, tmp_path / "base"))


@pytest.fixture
def settled(base, monkeypatch):
    """The base was written a while ago, longer than a clock's tick is."""
    monkeypatch.setattr(module, "SETTLED", 0.05)
    time.sleep(0.1)


def flip_last_byte(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_checkpoint_overwritten_in_place_with_the_same_size_has_another_fingerprint(base, settled):
    weights = base / "model.safetensors"
    before = fingerprint(str(base))
    assert fingerprint(str(base)) == before
    size, times = weights.stat().st_size, weights.stat()
    flip_last_byte(weights)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))  # even with its old time
    assert weights.stat().st_size == size
    assert fingerprint(str(base)) != before


def test_a_copy_elsewhere_has_the_same_fingerprint_and_notes_beside_it_don_t_matter(base, tmp_path):
    other = Path(shutil.copytree(base, tmp_path / "other"))
    (other / "README.md").write_text("mine")
    (other / "trainer_state.json").write_text("{}")
    (other / "optimizer.pt").write_bytes(b"x")
    assert fingerprint(str(other)) == fingerprint(str(base)) == fingerprint(str(base), None, None)


@pytest.mark.parametrize("name", ["config.json", "chat_template.jinja", "tokenizer.json", "processor_config.json"])
def test_whatever_changes_answers_changes_it(name, base):
    before = fingerprint(str(base))
    (base / name).write_text((base / name).read_text() + "\n")
    assert fingerprint(str(base)) != before


def test_adapter_and_projector_count_each_in_its_place(base, tmp_path):
    adapter, projector = tmp_path / "adapter", tmp_path / "p.safetensors"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"a")
    projector.write_bytes(b"b")
    all_of_them = {
        fingerprint(str(base)),
        fingerprint(str(base), str(adapter)),
        fingerprint(str(base), None, str(projector)),
        fingerprint(str(base), str(adapter), str(projector)),
    }
    assert len(all_of_them) == 4
    before = fingerprint(str(base), str(adapter))
    (adapter / "training_args.bin").write_bytes(b"c")
    assert fingerprint(str(base), str(adapter)) == before
    (adapter / "adapter_config.json").write_text('{"lora_alpha": 2}')
    assert fingerprint(str(base), str(adapter)) != before


def test_only_the_shards_that_are_loaded_count(tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-1.safetensors"}}')
    (tmp_path / "model-1.safetensors").write_bytes(b"a")
    before = folder_fingerprint(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"b")
    assert folder_fingerprint(tmp_path) == before
    (tmp_path / "model-1.safetensors").write_bytes(b"c")
    assert folder_fingerprint(tmp_path) != before


def test_a_file_is_read_once_however_often_it_is_asked_for(base, settled, monkeypatch):
    weights = base / "model.safetensors"
    first = file_hash(weights)
    monkeypatch.setattr(module, "_content_hash", lambda _: pytest.fail("read again"))
    assert file_hash(weights) == first


def test_a_file_that_was_written_just_now_is_read_again(base, monkeypatch):
    weights = base / "model.safetensors"
    monkeypatch.setattr(module, "SETTLED", 60)
    file_hash(weights)
    os.utime(weights, (0, 0))  # which tells nothing
    file_hash(weights)
    monkeypatch.setattr(module, "_content_hash", lambda _: "read again")
    assert file_hash(weights) == "read again"


def test_a_hub_blob_is_called_by_its_hash(tmp_path, monkeypatch):
    blob = tmp_path / "blobs" / ("0a" * 32)
    blob.parent.mkdir()
    blob.write_bytes(b"x")
    (tmp_path / "snapshots").mkdir()
    link = tmp_path / "snapshots" / "model.safetensors"
    link.symlink_to(blob)
    monkeypatch.setattr(module, "_content_hash", lambda _: pytest.fail("read"))
    assert file_hash(link) == "0a" * 32


def test_a_cache_that_can_t_be_written_to_is_no_error(base, settled, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert fingerprint(str(base))


def test_what_is_not_here_is_named():
    with pytest.raises(EmtError, match="'owner/name' is no folder here and not in the hub's cache"):
        fingerprint("owner/name")
    with pytest.raises(EmtError, match="no folder 'gone'"):
        folder_fingerprint(Path("gone"))


def test_it_needs_no_torch():
    code = "import sys, model_wrappers.checkpoints.fingerprint; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3]).returncode == 0


def test_the_vision_encoder_that_a_checkpoint_names_is_part_of_it(tmp_path):
    base, tower = tmp_path / "llava", tmp_path / "tower"
    base.mkdir()
    tower.mkdir()
    (base / "config.json").write_text('{"model_type": "llava_llama", "mm_vision_tower": "tower"}')
    (base / "pytorch_model.bin").write_bytes(b"weights")
    alone = fingerprint(str(base))
    (tower / "model.safetensors").write_bytes(b"one")
    one = fingerprint(str(base))
    (tower / "model.safetensors").write_bytes(b"other")
    assert len({alone, one, fingerprint(str(base))}) == 3
