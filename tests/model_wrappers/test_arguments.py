import pytest

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.arguments import check_arguments, read_arguments
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("pretrain", "pretrained"), ("prtrained", "pretrained"), ("lora", "projector"), ("attn_implementaton", "attn_")],
)
def test_an_unknown_argument_is_refused_with_the_nearest_name(wrong, meant):
    with pytest.raises(UnknownName, match=f"no argument of emt_llava '{wrong}'.*{meant}"):
        read_arguments({wrong: "x"}, "emt_llava", "base")


def test_the_constructor_refuses_an_unknown_argument_before_it_looks_for_a_model():
    with pytest.raises(UnknownName, match="Did you mean 'peft'"):
        EmtLlava(pretrained="no/where", pefd="x")


def test_a_checkpoint_called_by_a_number_stays_a_name():
    assert read_arguments({"pretrained": 7, "revision": 123}, "emt_hf").pretrained == "7"


@pytest.mark.parametrize(("said", "means"), [(8, 8), ("8", 8), ("auto", None), ("auto:4", None)])
def test_batch_sizes_as_the_harness_hands_them_on(said, means):
    assert read_arguments({"pretrained": "x", "batch_size": said}, "emt_hf").batch_size == means


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"batch_size": "many"},
        {"max_batch_size": 1.5},
        {"trust_remote_code": "perhaps"},
        {"revision": 1e5},
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_that_names_its_argument(wrong):
    with pytest.raises(EmtError, match=next(iter(wrong))):
        read_arguments({"pretrained": "x", **wrong}, "emt_hf")


def test_a_dtype_is_known_by_its_spellings_and_no_other():
    assert read_arguments({"pretrained": "x", "dtype": "bf16"}, "emt_hf").dtype == "bfloat16"
    assert read_arguments({"pretrained": "x", "dtype": "torch.float16"}, "emt_hf").dtype == "float16"
    with pytest.raises(UnknownName, match=r"'bfloat61'. Did you mean 'bfloat16'"):
        read_arguments({"pretrained": "x", "dtype": "bfloat61"}, "emt_hf")


def test_what_a_shell_leaves_empty_was_not_said():
    assert read_arguments({"pretrained": "x", "peft": "", "device": None}, "emt_hf").peft is None


def test_a_model_class_is_asked_for_its_arguments_before_it_is_built():
    assert check_arguments(EmtLlava, {}).pretrained == "llava-hf/llava-1.5-7b-hf"
    with pytest.raises(EmtError, match="emt_hf has no default checkpoint"):
        check_arguments(EmtHf, {})


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_path_with_commas_stands_in_quotes_as_the_harness_hands_it_on(quote):
    from lmms_eval.utils import simple_parse_args_string

    given = simple_parse_args_string(f"pretrained={quote}/data/a,b{quote},dtype=float32")
    assert read_arguments(given, "emt_hf").pretrained == "/data/a,b"


def test_objects_are_json_as_the_harness_hands_them_on():
    from lmms_eval.utils import simple_parse_args_string

    given = simple_parse_args_string('pretrained=x,device_map=auto,max_memory={"0": "20GiB", "cpu": "60GiB"}')
    assert read_arguments(given, "emt_hf").max_memory == {"0": "20GiB", "cpu": "60GiB"}


def test_a_device_map_that_does_not_exist_comes_with_the_nearest():
    with pytest.raises(UnknownName, match=r"no device_map 'atuo'. Did you mean 'auto'"):
        read_arguments({"pretrained": "x", "device_map": "atuo"}, "emt_hf")
    for said in ("auto", "balanced_low_0", "cpu", "cuda:1", "0", '{"": "cpu"}'):
        read_arguments({"pretrained": "x", "device_map": said}, "emt_hf")
