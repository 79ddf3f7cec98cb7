import pytest

from emt_tasks.forgetting.sets import asked, classes, commonest_variant, ordered, shown
from emt_tasks.tasks import catalogue


@pytest.mark.parametrize(
    ("task", "key", "variant"),
    [
        ("emt_mnist", "mnist", ""),
        ("emt_cifar10_lite", "cifar10", "lite"),
        ("emt_miniimagenet_open_lite", "miniimagenet", "open_lite"),
        ("mmbench_en_dev", "mmbench_en_dev", ""),
        ("emt_unheard", "emt_unheard", ""),
    ],
)
def test_a_task_asks_about_a_set_in_a_variant(task: str, key: str, variant: str) -> None:
    assert (asked(task).key, asked(task).variant) == (key, variant)


def test_every_task_of_the_catalogue_is_of_one_of_our_sets() -> None:
    for name, task in catalogue().items():
        if not task.members:
            assert asked(name).key == task.labels.key, name


def test_the_variant_that_most_runs_have_is_reported() -> None:
    assert commonest_variant(["emt_mnist", "emt_mnist_lite", "emt_cifar10_lite", "mmbench"]) == "lite"
    assert commonest_variant(["emt_mnist_lite", "emt_mnist"]) == ""  # the plain one of equals
    assert commonest_variant(["mmbench"]) == ""


def test_our_sets_come_first_in_the_papers_order() -> None:
    assert ordered(["zebra", "cifar10", "alpha", "mnist"]) == ("mnist", "cifar10", "alpha", "zebra")


def test_diversity_is_the_number_of_classes_where_it_is_known() -> None:
    assert classes(("cifar10", "mnist")) == 20
    assert classes(("miniimagenet",)) == 100
    assert classes(("flowers",)) is None


def test_a_name_of_unknown_origin_is_made_safe() -> None:
    assert shown("a\x1b[31mb" + "c" * 100) == ("ab" + "c" * 100)[:60]
