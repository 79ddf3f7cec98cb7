import json
from pathlib import Path

import pytest

from emt_tasks.runs.manifest import shown_command, versions, without_secrets, write_json


@pytest.mark.parametrize(
    "name", ["api_key", "hf_token", "client_secret", "PASSWORD", "openai_api_key", "auth", "headers"]
)
def test_secrets_are_in_no_manifest(name: str) -> None:
    assert "hush" not in json.dumps(without_secrets({name: "hush", "pretrained": "org/model"}))
    assert "hush" not in json.dumps(
        shown_command(["emt", "run", "--model-args", f"pretrained=a,{name}=hush,dtype=float32"])
    )


def test_what_is_no_secret_stays() -> None:
    assert shown_command(["--model-args", "pretrained=a,dtype=float32"]) == [
        "--model-args",
        "pretrained=a,dtype=float32",
    ]
    assert without_secrets({"tokenizer": None, "dtype": "float32"}) == {"tokenizer": None, "dtype": "float32"}


def test_versions_name_what_can_change_an_answer() -> None:
    assert {"python", "torch", "transformers", "peft", "lmms-eval"} <= set(versions())


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


def test_the_login_in_an_url_is_in_no_manifest() -> None:
    url = "http://me:hush@127.0.0.1:9/v1"
    assert without_secrets({"base_url": url}) == {"base_url": "http://[hidden]@127.0.0.1:9/v1"}
    assert "hush" not in json.dumps(shown_command([f"base_url={url}"]))
