import logging

import pytest

from emt_tasks.errors import EmtError
from model_wrappers.generating.settings import Settings, read_settings


def test_without_a_word_generation_is_greedy():
    assert read_settings({}) == Settings()
    assert read_settings({"temperature": 0, "top_p": None, "do_sample": False, "num_beams": 1}) == Settings()
    assert read_settings({}).options["do_sample"] is False


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"temperature": 0.7, "top_p": 0.9}, {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "num_beams": 1}),
        ({"do_sample": True}, {"do_sample": True, "temperature": 1.0, "num_beams": 1}),
        ({"do_sample": False, "temperature": 0.7, "num_beams": 3}, {"do_sample": False, "num_beams": 3}),
        ({"repetition_penalty": 1.5}, {"do_sample": False, "repetition_penalty": 1.5, "num_beams": 1}),
    ],
)
def test_what_a_task_says_is_passed_on(given, options):
    made = read_settings(given).options
    assert {name: value for name, value in made.items() if value is not None} == options


def test_settings_tell_tasks_apart_that_must_not_share_a_batch():
    assert len({read_settings(given) for given in ({}, {"until": "."}, {"until": ["."]}, {"max_new_tokens": 5})}) == 3


def test_one_stop_string_or_many():
    assert read_settings({"until": "\n"}).until == ("\n",)
    assert read_settings({"until": ["\n", ""]}).until == ("\n",)
    assert read_settings({"until": None}).until == ()


def test_a_setting_that_transformers_has_not_is_left_out_and_said_once(caplog):
    with caplog.at_level(logging.WARNING):
        assert (
            read_settings({"image_aspect_ratio": "pad"}) == read_settings({"image_aspect_ratio": "pad"}) == Settings()
        )
    assert sum("image_aspect_ratio" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(
    "wrong", [{"max_new_tokens": 0}, {"max_new_tokens": "x"}, {"temperature": -1}, {"num_beams": 1.5}]
)
def test_a_value_that_makes_no_sense_is_an_error_that_names_its_setting(wrong):
    with pytest.raises(EmtError, match=next(iter(wrong))):
        read_settings(wrong)
