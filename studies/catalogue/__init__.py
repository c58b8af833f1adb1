"""The studies, one file each.

A file with a ``STUDY`` that it hands to :func:`register_study`, dropped into this folder, is found
by itself, as is one of an installed package (:mod:`qcnn.registry`).
"""

from qcnn.registry import Registry
from studies.design.study import Study

studies_by_name: Registry[Study] = Registry("study", "studies.catalogue")


def register_study(study: Study) -> None:
    """Offer a study under its name, which is that of a command and of a folder.

    Raises:
        InvalidInput: for a name that is taken, or is none (see
            :meth:`qcnn.registry.Registry.enter`).
    """
    studies_by_name.enter(study.name, study, definition=study.cells)
