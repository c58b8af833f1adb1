"""The studies, one file each: a module with a ``STUDY`` dropped in here is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from studies.study import Study

studies_by_name: dict[str, Study] = {
    study.name: study
    for study in (
        import_module(f"{__name__}.{module.name}").STUDY for module in iter_modules(__path__)
    )
}
