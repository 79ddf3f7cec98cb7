"""The text a model is given: the prompt in the checkpoint's chat template, with a placeholder for each image."""

from typing import Any

from jinja2 import TemplateError

from emt_tasks.errors import EmtError

IMAGE = "<image>"
"""How tasks of the harness mark an image's place in a prompt, if they do."""
VICUNA_V1 = (
    "{% for message in messages %}{{ message.role | upper }}: {% for part in message.content %}"
    "{% if part.type == 'image' %}<image>\n{% else %}{{ part.text }}{% endif %}"
    "{% endfor %} {% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
"""LLaVA 1.5's template, as in its checkpoints on the hub."""
PLAIN = (
    "{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}<image>\n"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)
"""For checkpoints of any other family without one: images, then the text."""


class Prompts:
    """Prompts in a processor's own template, or in a default where it has none.

    Args:
        processor: a transformers processor.
        default: the template where the checkpoint has none; images stand in it as `<image>`.
    """

    def __init__(self, processor: Any, default: str) -> None:
        self._processor = processor
        self._sign = str(getattr(processor, "image_token", None) or IMAGE)  # BLIP-2's has a token object
        self.template = (
            getattr(processor, "chat_template", None)
            or getattr(processor.tokenizer, "chat_template", None)
            or default.replace(IMAGE, self._sign)
        )
        self._made: dict[tuple[str, int], str] = {}

    def text(self, context: str, images: int) -> str:
        """`context` in the template, with a placeholder for each of `images` images, before it or where it marks them.

        Raises:
            EmtError: the prompt marks another number of images than the row has, or the template drops one.
        """
        if (context, images) not in self._made:
            if len(self._made) > 10_000:  # tasks whose prompts all differ
                self._made.clear()
            self._made[context, images] = self._render(context, images)
        return self._made[context, images]

    def _render(self, context: str, images: int) -> str:
        parts = _parts(context, images)
        in_one_string = "".join(part.get("text", f"{self._sign}\n") for part in parts)
        words = context.replace(IMAGE, "").split()
        for content in (parts, in_one_string):  # templates of text models know only strings
            text = self._in_template(content)
            if text.count(self._sign) >= images and all(word in text for word in words):
                return text
        raise EmtError(
            f"the checkpoint's chat template loses the prompt or its {images} images. Use a checkpoint whose template "
            f"is for images and text. The template: {self.template[:200]!r}"
        )

    def _in_template(self, content: Any) -> str:
        """The user's message in the template; "" where the template can't take it."""
        messages = [{"role": "user", "content": content}]
        try:
            return str(
                self._processor.apply_chat_template(
                    messages, chat_template=self.template, add_generation_prompt=True, tokenize=False
                )
            )
        except (TemplateError, TypeError):
            return ""


def _parts(context: str, images: int) -> list[dict[str, str]]:
    """The message's content: images first, or where the prompt marks them."""
    marks = context.count(IMAGE)
    if marks not in (0, images):
        raise EmtError(f"a prompt marks {marks} images ({IMAGE}) and its row has {images}: {context[:100]!r}")
    if not marks:
        return [*({"type": "image"} for _ in range(images)), {"type": "text", "text": context}]
    texts = context.split(IMAGE)
    parts = [{"type": "text", "text": texts[0]}]
    for text in texts[1:]:
        parts += [{"type": "image"}, {"type": "text", "text": text.removeprefix("\n")}]
    return [part for part in parts if part.get("text") != ""]
