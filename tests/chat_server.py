"""A server that speaks the OpenAI protocol for questions about pictures, as `vllm serve` does; loopback, stdlib."""

import base64
import hashlib
import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

WINDOW = 1  # second that a rate limit lasts


@dataclass(frozen=True)
class Asked:
    """One request that was answered: the model's name, the prompt, the picture's pixels, the key that came with it."""

    model: str
    prompt: str
    pixels: str
    mode: str
    key: str
    settings: Mapping[str, Any]


class ChatServer:
    """Answers on a port of its own while it is entered.

    Args:
        say: (model, prompt, picture) -> answer; None is no content.
        troubles: HTTP statuses given for the first tries of each question, in order, before it is answered.
        together: requests that must be there at the same time before any of them is answered.
        at_most: requests it takes, however slowly they come; those beyond get 429 and `Retry-After` until `WINDOW`
            seconds after the first of them, when it takes as many again.
    """

    def __init__(
        self,
        say: Callable[[str, str, Image.Image], str | None],
        troubles: Sequence[int] = (),
        together: int = 1,
        at_most: int | None = None,
    ) -> None:
        self.say, self.troubles, self.at_most = say, tuple(troubles), at_most
        self._taken, self.refused = 0, 0
        self._full_since: float | None = None
        self.asked: list[Asked] = []
        self.tries: Counter[str] = Counter()
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(together)

    def __enter__(self) -> "ChatServer":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: Mapping[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and reply."""
        parts = body["messages"][-1]["content"]
        prompt = "".join(part["text"] for part in parts if part["type"] == "text")
        (url,) = (part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        picture = Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1])))
        pixels = hashlib.sha256(picture.tobytes()).hexdigest()
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            tried = self.tries[pixels]
            self.tries[pixels] += 1
        self._together.wait(timeout=30)
        with self._lock:
            self._now -= 1
        if self._too_many():
            return 429, {"error": {"message": "too many requests", "code": 429}}
        if tried < len(self.troubles):
            return self.troubles[tried], {"error": {"message": "not now", "code": self.troubles[tried]}}
        settings = {name: value for name, value in body.items() if name not in ("messages", "model")}
        with self._lock:
            self.asked.append(Asked(body["model"], prompt, pixels, picture.mode, key, settings))
        return 200, _completion(body["model"], self.say(body["model"], prompt, picture))

    def _too_many(self) -> bool:
        """Whether its places are taken; a request that finds room takes one."""
        now = time.monotonic()
        with self._lock:
            if self._full_since is not None and now >= self._full_since + WINDOW:
                self._taken, self._full_since = 0, None
            full = self.at_most is not None and self._taken >= self.at_most
            if full:
                self.refused += 1
                self._full_since = self._full_since or now
            else:
                self._taken += 1
            return full


def _completion(model: str, said: str | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": said}
    return {
        "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }  # fmt: skip


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class's name
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, reply = server.answer(body, self.headers.get("Authorization", ""))
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header(*(("Retry-After", str(WINDOW)) if server.at_most else ("Retry-After-Ms", "1")))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: a test's output is its own."""

    return Handler
