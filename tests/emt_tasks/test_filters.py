import pickle

from emt_tasks.filters import Carried, LabelMatch


def test_each_answer_is_read_in_its_place() -> None:
    read = LabelMatch(labels="cifar10").apply([["a ship"], ["a dog, a cat"], [""]])
    assert [carried.reading.named for carried in read] == [("ship",), ("dog", "cat"), ()]
    assert read == ["label_match: ship", "label_match: dog, cat", "label_match:"]


def test_the_first_of_repeated_answers_is_read() -> None:
    assert LabelMatch(labels="cifar10").apply([["a ship", "a dog"]])[0].reading.raw == "a ship"


def test_a_reading_survives_what_the_harness_does_to_text() -> None:
    (carried,) = LabelMatch(labels="mnist").apply([["  7 "]])
    assert carried.strip().reading.raw == "  7 "
    again = pickle.loads(pickle.dumps(carried))  # noqa: S301  # ranks send rows to each other
    assert isinstance(again, Carried)
    assert (again, again.reading) == (carried, carried.reading)
