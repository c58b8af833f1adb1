"""The studies, one file each: a module with a ``STUDY`` dropped in here is found by itself."""

from collections.abc import Iterable
from types import ModuleType

from qcnn.registry import enter, import_modules
from studies.design.study import Study


def name_studies(modules: Iterable[ModuleType]) -> dict[str, Study]:
    """The studies of modules by their names, which are names of commands and of folders.

    Raises:
        InvalidInput: for two studies of one name.
    """
    named: dict[str, ModuleType] = {}
    for module in modules:
        enter(named, "study", module.STUDY.name, module)
    return {name: module.STUDY for name, module in named.items()}


studies_by_name = name_studies(import_modules(__name__, __path__))
