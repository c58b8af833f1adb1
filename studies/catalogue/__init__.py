"""The studies, one file each: a module with a ``STUDY`` dropped in here is found by itself."""

from types import ModuleType

from qcnn.registry import enter, import_modules
from studies.study import Study

_modules: dict[str, ModuleType] = {}
for _module in import_modules(__name__, __path__):
    enter(_modules, "study", _module.STUDY.name, _module)

studies_by_name: dict[str, Study] = {name: module.STUDY for name, module in _modules.items()}
