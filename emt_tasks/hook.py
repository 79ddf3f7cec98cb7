"""Teaches lmms-eval our tasks: wraps its task index once it is imported, and costs nothing before.

lmms-eval has an entry point for models but none for tasks. The one for models is loaded before the task index is built
(`model_wrappers.registration`), and from there this hook waits for the import of `lmms_eval.tasks`.
"""

import warnings
from types import ModuleType
from typing import Any

import wrapt

from emt_tasks.task_files import task_folder

WRAPPED = ("initialize_tasks", "_get_task_and_group", "_get_config", "load_task_or_group", "match_tasks")
REMEDY = 'add --include_path "$(emt tasks --path)" to the command'


def install() -> None:
    """Have our tasks indexed as soon as lmms-eval's task manager is imported. Once for each process."""
    wrapt.register_post_import_hook(teach, "lmms_eval.tasks")


def teach(module: ModuleType) -> None:
    """Wrap the task manager of `module` (`lmms_eval.tasks`); warn with a remedy where it is not the one we know."""
    manager: Any = getattr(module, "TaskManager", None)
    missing = [name for name in WRAPPED if not hasattr(manager, name)]
    if missing:
        warnings.warn(
            f"emt-bench does not know this version of lmms-eval (its TaskManager has no {', '.join(missing)}): "
            f"the EMT tasks are not listed. To run them, {REMEDY}.",
            stacklevel=2,
        )
        return
    if not isinstance(vars(manager).get("initialize_tasks"), wrapt.FunctionWrapper):
        wrapt.wrap_function_wrapper(manager, "initialize_tasks", _with_our_tasks)
        wrapt.wrap_function_wrapper(manager, "_get_config", _with_data_dir)
        wrapt.wrap_function_wrapper(manager, "load_task_or_group", _where_it_can_be_answered)
        wrapt.wrap_function_wrapper(manager, "match_tasks", _with_what_readings_need)


def _with_our_tasks(indexed: Any, manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The harness's index with our tasks in it, unless its own tasks were left out on purpose."""
    index: dict[str, Any] = indexed(*args, **kwargs)
    include_defaults = kwargs.get("include_defaults", args[1] if len(args) > 1 else True)
    if not include_defaults:
        return index
    try:
        return {**index, **manager._get_task_and_group(str(task_folder()))}
    except (TypeError, ValueError, AttributeError) as error:  # another harness: its user goes on without our tasks
        warnings.warn(f"emt-bench: the EMT tasks can't be listed here ({error}). To run them, {REMEDY}.", stacklevel=2)
        return index


def _with_data_dir(configured: Any, _manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """A task's config, reading from where the data is."""
    from emt_tasks.hub import located

    return located(configured(*args, **kwargs))


def _where_it_can_be_answered(loaded: Any, _manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The tasks asked for, unless they are ours and the harness would have a chat model score labels.

    Raises:
        EmtError: it would; the harness itself fails on an assertion once the data is there.
    """
    from emt_tasks.tasks import require_scorer

    asked = args[0] if args else kwargs.get("task_list")
    kind = args[1] if len(args) > 1 else kwargs.get("task_type", "simple")
    names = [asked] if isinstance(asked, str) else asked or []
    require_scorer([name for name in names if isinstance(name, str)], "this model", chat=kind == "chat")
    return loaded(*args, **kwargs)


def _with_what_readings_need(matched: Any, _manager: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """The names that a command line's tasks match, which it asks for before it loads a model.

    Raises:
        EmtError: a reading of one of them lacks what it needs.
    """
    from emt_tasks.requirements import require_readings

    names: list[str] = matched(*args, **kwargs)
    require_readings(names)
    return names
