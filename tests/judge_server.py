"""A judge on loopback that speaks OpenAI's protocol, counts what it is asked, and misbehaves as told."""

import json
import random
import re
import socket
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAIR = re.compile(r"Label: (?P<label>.*?); Prediction: (?P<answer>.*)", re.S)
LISTED = re.compile(r"one of these labels:\n(?P<labels>.*?)\n\n.*as a JSON string:\n(?P<answer>.*?)\n\nWhich", re.S)
TROUBLES = ("429", "500", "timeout", "garbage", "half", "empty", "drop")


def sensible(question: str) -> str:
    """Yes where the answer has the label in it; for the other protocol the labels that it has in it."""
    pair = PAIR.search(question)
    if pair:
        return "Yes." if pair["label"].lower() in pair["answer"].lower() else "No."
    listed = LISTED.search(question)
    assert listed, question
    return ", ".join(one for one in listed["labels"].split(", ") if one in listed["answer"]) or "none"


class JudgeServer(ThreadingHTTPServer):
    """The server; its fields are what a test looks at and sets.

    Attributes:
        say: what it replies to a question.
        trouble: the share of calls that go wrong, by `kinds` in turn.
        dies_after: good replies after which it does not answer any more.
        delivered: how often each question got a good reply.
        seen: all requests.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say = sensible
        self.trouble, self.kinds = 0.0, TROUBLES
        self.dies_after: int | None = None
        self.delay = 0.0
        self.retry_after: str | None = None
        self.status: tuple[int, dict] | None = None
        self.models = ["judge"]
        self.delivered: Counter[str] = Counter()
        self.seen = 0
        self.at: list[float] = []
        self.under_way = self.most_under_way = 0
        self.bodies: list[dict] = []
        self.keys: set[str | None] = set()
        self.files: dict[str, str] = {}
        self.batches: dict[str, dict] = {}
        self.lock = threading.Lock()
        self.draw = random.Random(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: JudgeServer

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        s = self.server
        if self.path.startswith("/v1/models"):
            return self._json(200, {"object": "list", "data": [{"id": m, "object": "model"} for m in s.models]})
        if self.path.startswith("/v1/batches/"):
            return self._json(200, self._progress(s.batches[self.path.rsplit("/", 1)[1]]))
        if self.path.startswith("/v1/batches"):
            return self._json(200, {"object": "list", "data": list(s.batches.values()), "has_more": False})
        return self._raw(200, s.files[self.path.split("/")[3]].encode())

    def do_POST(self) -> None:
        s = self.server
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/v1/files":
            name = f"file-{uuid.uuid4().hex}"
            part = next(p for p in content.split(b"\r\n--") if b'name="file"' in p)
            s.files[name] = part.split(b"\r\n\r\n", 1)[1].decode().strip()
            return self._json(200, _file(name))
        if self.path == "/v1/batches":
            asked = json.loads(content)
            name = f"batch_{uuid.uuid4().hex}"
            s.batches[name] = {**_batch(name), **asked}
            return self._json(200, s.batches[name])
        with s.lock:
            s.seen += 1
            s.at.append(time.monotonic())
            s.keys.add(self.headers.get("authorization"))
            s.under_way += 1
            s.most_under_way = max(s.most_under_way, s.under_way)
            dead = s.dies_after is not None and s.delivered.total() >= s.dies_after
            kind = s.draw.choice(s.kinds) if s.draw.random() < s.trouble else None
        try:
            self._chat(json.loads(content), "drop" if dead else kind)
        finally:
            with s.lock:
                s.under_way -= 1

    def _chat(self, asked: dict, kind: str | None) -> None:
        s = self.server
        s.bodies.append(asked)
        question = asked["messages"][-1]["content"]
        time.sleep(s.delay)
        if s.status:
            return self._json(*s.status)
        if kind == "429":
            headers = {} if s.retry_after is None else {"retry-after": s.retry_after}
            return self._json(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, headers)
        if kind == "500":
            return self._json(500, {"error": {"message": "\x1b[31moh"}})
        if kind == "timeout":
            self.connection.settimeout(60)
            self.rfile.read(1)  # until the client has waited long enough and hangs up
            kind = "drop"
        if kind == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        if kind == "garbage":
            return self._raw(200, b"<html>\xff\xfe busy</html>")
        if kind == "empty":
            return self._json(200, {"id": "x", "object": "chat.completion", "choices": []})
        whole = completion(asked["model"], s.say(question))
        if kind == "half":
            return self._raw(200, json.dumps(whole)[:40].encode())
        with s.lock:
            s.delivered[question] += 1
        return self._json(200, whole)

    def _progress(self, batch: dict) -> dict:
        """A batch is done when it is looked at the second time."""
        s = self.server
        if batch["status"] == "validating":
            batch["status"] = "in_progress"
        elif batch["status"] == "in_progress":
            lines = []
            for line in s.files[batch["input_file_id"]].splitlines():
                asked = json.loads(line)
                question = asked["body"]["messages"][-1]["content"]
                if s.draw.random() >= s.trouble:
                    s.delivered[question] += 1
                    body = completion(asked["body"]["model"], s.say(question))
                    lines.append(json.dumps({"custom_id": asked["custom_id"], "response": {"body": body}}))
            batch["output_file_id"] = f"file-{uuid.uuid4().hex}"
            s.files[batch["output_file_id"]] = "\n".join([*lines, '{"half": '])
            batch["status"] = "completed"
        return batch

    def _json(self, status: int, told: dict, headers: dict | None = None) -> None:
        self._raw(status, json.dumps(told).encode(), {"content-type": "application/json", **(headers or {})})

    def _raw(self, status: int, body: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"content-type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def completion(model: str, text: str) -> dict:
    """A chat completion."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42},
    }


def _file(name: str) -> dict:
    return {
        "id": name,
        "object": "file",
        "bytes": 1,
        "created_at": 0,
        "filename": "f",
        "purpose": "batch",
        "status": "processed",
    }


def _batch(name: str) -> dict:
    return {"id": name, "object": "batch", "status": "validating", "created_at": 0, "completion_window": "24h"}


@contextmanager
def serving() -> Iterator[JudgeServer]:
    """A server, until the block ends."""
    server = JudgeServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":  # for other processes and by hand: prints its address, then serves
    with serving() as told:
        sys.stdout.write(f"{told.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
