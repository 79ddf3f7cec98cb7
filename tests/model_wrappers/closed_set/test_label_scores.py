import pytest
import torch

from model_wrappers.closed_set.label_scores import CLIP_MEAN, LabelScores, content_free_image, joined_scores


def scores(rows, end=None):
    total = torch.tensor(rows)
    return LabelScores(total, total > -1, torch.tensor([1, 2]), None if end is None else torch.tensor(end))


def test_a_mean_is_over_the_label_s_own_tokens():
    assert scores([[-3.0, -4.0]]).per_token.tolist() == [[-3.0, -2.0]]


def test_an_end_lets_the_longer_of_two_labels_win():
    both = scores([[-1.0, -2.0]], end=[[-5.0, -0.5]])
    assert both.total.argmax() == 0
    assert both.with_end.argmax() == 1


def test_an_end_that_was_not_scored_is_an_error_that_says_how_to_get_it():
    with pytest.raises(ValueError, match="pass end_tokens= to score_labels"):
        _ = scores([[-1.0, -2.0]]).with_end


def test_a_prior_of_one_row_is_taken_from_every_image():
    many = scores([[-3.0, -4.0], [-1.0, -1.0]])
    assert many.over_prior(scores([[-1.0, -4.0]])).tolist() == [[-2.0, 0.0], [0.0, 3.0]]


def test_a_prior_of_other_rows_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        scores([[-3.0, -4.0]]).over_prior(scores([[-1.0, -4.0], [-1.0, -1.0]]))


def test_batches_join_in_order():
    joined = joined_scores([scores([[-3.0, -4.0]]), scores([[-1.0, -2.0]])])
    assert joined.total.tolist() == [[-3.0, -4.0], [-1.0, -2.0]]
    assert joined.end is None


def test_an_image_without_content_is_nearly_nothing_to_the_encoder():
    image = content_free_image((5, 3))
    assert image.size == (5, 3)
    assert image.getpixel((4, 2)) == pytest.approx([255 * value for value in CLIP_MEAN], abs=0.5)
