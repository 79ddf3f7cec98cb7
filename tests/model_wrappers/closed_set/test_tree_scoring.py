from itertools import takewhile
from pathlib import Path

import pytest
import torch
import toy_closed_set as toy
from peft import LoraConfig, get_peft_model
from transformers import AutoProcessor, LlavaForConditionalGeneration

from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.tasks import choices_of
from model_wrappers.closed_set import node_reading
from model_wrappers.closed_set.decoder_inputs import decoder_inputs
from model_wrappers.closed_set.label_scores import content_free_image
from model_wrappers.closed_set.label_tokens import label_seam
from model_wrappers.closed_set.label_trie import build_trie
from model_wrappers.closed_set.scoring import largest_difference, score_labels
from model_wrappers.closed_set.tail_scoring import tail_scores
from model_wrappers.closed_set.tree_scoring import tree_obstacle, tree_scores

TINY = Path(__file__).parents[4] / "shared" / "models" / "tiny-llava"
WORDS = tuple(label for key in ALL_SETS for label in label_set(key).labels)
PROMPTS = [[9, 8, 7, 6, 5], [11, 12], [300, 20, 30, 40]]  # padded to one length
# Labels that share beginnings, one that begins another, two alike, and one of a single token.
TRIE = build_trie([[10, 11], [10, 11, 12], [10, 13, 14, 15], [20], [21, 10, 11], [20]])
SAME = 1e-4  # nats, in float32


def trie_of(key):
    return build_trie(label_seam(toy.tokenizer(WORDS), "ASSISTANT:", label_set(key).labels).labels)


@pytest.mark.parametrize("key", ALL_SETS)
def test_a_tree_scores_every_label_set_as_one_full_pass_for_each_label_does(key):
    model, trie = toy.llava(), trie_of(key)
    assert not tree_obstacle(model, decoder_inputs(model, toy.inputs(PROMPTS)), trie)
    assert largest_difference(model, toy.inputs(PROMPTS), trie, [toy.END]) < SAME


@pytest.mark.parametrize("key", ALL_SETS)
@pytest.mark.parametrize("space", [" ", "▁"])
def test_labels_in_sentences_share_their_beginning_and_score_as_full_passes_do(key, space):
    task = f"emt_{key}_choice_sentence"
    answers, prompt = choices_of(task), "ASSISTANT:"
    tokenizer = toy.tokenizer((*WORDS, "The object is a(n)", "The number is"), space=space)
    trie = build_trie(label_seam(tokenizer, prompt, answers).labels)
    alike = [tokens[0] for tokens in takewhile(lambda each: len(set(each)) == 1, zip(*trie.sequences, strict=False))]
    assert tokenizer.decode(alike).strip() in answers[0]
    assert sum(depth < len(alike) for depth in trie.depths) == len(alike) >= 3, "one node each for all labels"
    assert trie.prefix_pairs == (), "the full stop ends a label"
    assert largest_difference(toy.llava(), toy.inputs(PROMPTS), trie, [toy.END]) < SAME


def test_a_sentence_prefers_the_labels_that_its_beginning_in_the_prompt_would():
    """What all sentences begin with adds one number to all of them."""
    model, start, labels = toy.llava(), [30, 31, 32], [[40, 9], [40, 41, 9], [42, 9]]
    with torch.inference_mode():
        whole = score_labels(model, toy.inputs(PROMPTS), build_trie([start + label for label in labels]))
        after = score_labels(model, toy.inputs([prompt + start for prompt in PROMPTS]), build_trie(labels))
    shared = whole.total - after.total
    torch.testing.assert_close(shared, shared[:, :1].expand(-1, 3), atol=SAME, rtol=0)
    assert shared.max() < -1


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_a_tree_equals_full_passes_under_each_kind_of_attention(attention, kv_heads):
    model = toy.llava(attention=attention, kv_heads=kv_heads)
    assert largest_difference(model, toy.inputs(PROMPTS), TRIE, [toy.END, 3]) < SAME


def test_without_end_tokens_the_leaves_are_not_fed_and_the_sums_stay():
    model, inputs = toy.llava(), toy.inputs(PROMPTS)
    lengths = []
    model.get_decoder().register_forward_pre_hook(
        lambda _module, _args, kwargs: lengths.append(kwargs["inputs_embeds"].shape[1]), with_kwargs=True
    )
    torch.testing.assert_close(
        score_labels(model, inputs, TRIE).total, score_labels(model, inputs, TRIE, [toy.END]).total
    )
    prompt = inputs["input_ids"].shape[1]
    assert lengths == [prompt, prompt + TRIE.inner, prompt, prompt + len(TRIE.tokens)]


def test_labels_of_one_token_each_need_no_tree():
    model, trie = toy.llava(), build_trie([[10], [20], [30]])
    assert largest_difference(model, toy.inputs(PROMPTS), trie) < SAME


def test_a_row_scores_alone_as_it_does_in_a_padded_batch():
    model = toy.llava()
    together = toy.inputs(PROMPTS)
    alone = {**toy.inputs(PROMPTS[1:2]), "pixel_values": together["pixel_values"][1:2]}
    torch.testing.assert_close(
        score_labels(model, together, TRIE).total[1:2], score_labels(model, alone, TRIE).total, atol=SAME, rtol=0
    )


def test_the_order_of_the_labels_changes_nothing_but_the_order():
    model, inputs = toy.llava(), toy.inputs(PROMPTS)
    backwards = build_trie(TRIE.sequences[::-1])
    forth, back = (score_labels(model, inputs, trie).total for trie in (TRIE, backwards))
    torch.testing.assert_close(forth, back.flip(1), atol=SAME, rtol=0)


def test_the_toy_would_betray_nodes_that_see_other_branches():
    """The control of all tests above: with a plain causal mask the same tokens score otherwise."""
    model, inputs = toy.llava(), toy.inputs(PROMPTS[:1])
    prompt = inputs["input_ids"].shape[1]
    ids = torch.cat([inputs["input_ids"], torch.tensor([TRIE.tokens])], dim=1)
    logp = model(**{**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}).logits.log_softmax(dim=-1)
    first, second = TRIE.paths[4][:2]
    causal = logp[0, prompt + first, TRIE.tokens[second]]
    right = (
        score_labels(model, inputs, build_trie([[21, 10]])).total
        - score_labels(model, inputs, build_trie([[21]])).total
    )[0, 0]
    assert abs(causal - right) > 100 * SAME


def test_the_image_matters_to_the_scores():
    model = toy.llava()
    one, other = (score_labels(model, toy.inputs(PROMPTS, seed=seed), TRIE).total for seed in (0, 1))
    assert (one - other).abs().min() > 10 * SAME


def test_a_sliding_window_shorter_than_the_prompt_is_kept_by_scoring_behind_a_cache():
    model, inputs = toy.llava(window=6), toy.inputs(PROMPTS[:1])
    assert "sliding window of 6" in tree_obstacle(model, decoder_inputs(model, inputs), TRIE)
    assert largest_difference(model, inputs, TRIE, [toy.END]) < SAME


def test_a_sliding_window_that_holds_prompt_and_label_allows_the_tree():
    model, inputs = toy.llava(window=64), toy.inputs(PROMPTS)
    assert not tree_obstacle(model, decoder_inputs(model, inputs), TRIE)
    assert largest_difference(model, inputs, TRIE, [toy.END]) < SAME


@pytest.mark.parametrize("key", ALL_SETS)
@torch.inference_mode()
def test_tails_behind_a_cached_prompt_score_as_the_tree_does(key):
    model, trie = toy.llava(kv_heads=2), trie_of(key)
    prompts = decoder_inputs(model, toy.inputs(PROMPTS))
    tree, tails = (score(model, prompts, trie, [toy.END]) for score in (tree_scores, tail_scores))
    torch.testing.assert_close(tails.with_end, tree.with_end, atol=SAME, rtol=0)
    assert torch.equal(tails.greedy, tree.greedy)


@torch.inference_mode()
@pytest.mark.parametrize("ends", [(), (toy.END,)])
def test_what_all_labels_begin_with_is_read_once_with_a_cached_prompt(ends):
    model, trie = toy.llava(kv_heads=2), build_trie([[30, 31, 32, *label] for label in TRIE.sequences])
    prompts, lengths = decoder_inputs(model, toy.inputs(PROMPTS)), []
    assert [trie.tokens[node] for node in trie.stem] == [30, 31, 32]
    tree = tree_scores(model, prompts, trie, ends)
    model.get_decoder().register_forward_pre_hook(
        lambda _module, _args, kwargs: lengths.append(kwargs["inputs_embeds"].shape[1]), with_kwargs=True
    )
    tails = tail_scores(model, prompts, trie, ends)
    torch.testing.assert_close(tails.total, tree.total, atol=SAME, rtol=0)
    longest = max(map(len, TRIE.sequences)) - (not ends)
    assert lengths == [each for row in prompts.seen for each in (int(row.sum()) + 3, longest)]
    if ends:
        torch.testing.assert_close(tails.with_end, tree.with_end, atol=SAME, rtol=0)


def test_a_mask_of_the_models_own_leaves_only_full_passes():
    model, inputs = toy.llava(), toy.inputs(PROMPTS[:1])
    length = inputs["input_ids"].shape[1]
    own = torch.zeros(1, 1, length, length).masked_fill(torch.ones(length, length).triu(1).bool(), -1e9)
    prompts = decoder_inputs(model, {**inputs, "attention_mask": own})
    assert prompts.obstacle == "the model makes its own attention mask"
    with pytest.raises(ValueError, match="own attention mask"):
        tail_scores(model, prompts, TRIE)


def test_an_adapter_counts_as_it_does_in_full_passes():
    torch.manual_seed(0)
    targets = ["q_proj", "v_proj", "lm_head"]
    base = toy.llava()
    before = score_labels(base, toy.inputs(PROMPTS), TRIE).total
    model = get_peft_model(base, LoraConfig(r=4, target_modules=targets, init_lora_weights=False)).eval()
    assert largest_difference(model, toy.inputs(PROMPTS), TRIE, [toy.END]) < SAME
    assert (score_labels(model, toy.inputs(PROMPTS), TRIE).total - before).abs().max() > 100 * SAME


def test_logits_read_a_few_rows_at_a_time_are_the_same(monkeypatch):
    model, inputs = toy.llava(), toy.inputs(PROMPTS)
    whole = score_labels(model, inputs, TRIE, [toy.END])
    monkeypatch.setattr(node_reading, "LOGITS_AT_ONCE", 1)
    rows = score_labels(model, inputs, TRIE, [toy.END])
    torch.testing.assert_close(rows.with_end, whole.with_end, atol=SAME, rtol=0)
    assert torch.equal(rows.greedy, whole.greedy)


def test_greedy_labels_are_those_that_the_model_generates():
    model, inputs = toy.llava(), toy.inputs(PROMPTS)
    answers = model.generate(**inputs, max_new_tokens=3, do_sample=False, eos_token_id=None)
    new = answers[:, inputs["input_ids"].shape[1] :].tolist()
    trie = build_trie([*new, *([*answer[:2], (answer[2] + 1) % 400] for answer in new)])
    greedy = score_labels(model, inputs, trie).greedy
    assert greedy.tolist() == [
        [True, False, False, False, False, False],
        [False, True, False, False, False, False],
        [False, False, True, False, False, False],
    ]


def test_the_first_token_s_probabilities_over_the_whole_vocabulary_add_up_to_one():
    model = toy.llava()
    every = build_trie([[token] for token in range(400)])
    total = score_labels(model, toy.inputs(PROMPTS), every).total
    torch.testing.assert_close(total.exp().sum(dim=1), torch.ones(3))


def test_half_precision_scores_come_in_float32():
    model = toy.llava().to(torch.bfloat16)
    inputs = toy.inputs(PROMPTS)
    scores = score_labels(model, {**inputs, "pixel_values": inputs["pixel_values"].bfloat16()}, TRIE)
    assert scores.total.dtype == torch.float32


@pytest.fixture(scope="module")
def tiny_llava():
    if not TINY.is_dir():
        pytest.skip("needs ../shared/models/tiny-llava")
    return LlavaForConditionalGeneration.from_pretrained(TINY).eval(), AutoProcessor.from_pretrained(TINY)


@pytest.mark.parametrize(
    "task", [name for key in ALL_SETS for name in (f"emt_{key}_choice", f"emt_{key}_choice_sentence")]
)
def test_a_trained_llava_scores_as_full_passes_do(task, tiny_llava):
    model, processor = tiny_llava
    labels = choices_of(task)
    listed = f"USER: <image>\nPlease only answer a single object in {', '.join(labels)}. ASSISTANT:"
    seam = label_seam(processor.tokenizer, listed, labels)
    inputs = processor(text=listed, images=content_free_image((40, 32), mean=(0.9, 0.1, 0.4)), return_tensors="pt")
    some = build_trie(seam.labels[:: len(labels) // 3])
    assert not seam.cut
    assert largest_difference(model, inputs, some, [processor.tokenizer.eos_token_id]) < SAME
