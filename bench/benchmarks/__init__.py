"""The asv suite: ``asv run``, one file for each part of the project.

asv imports this folder as a package of its own, beside whichever commit of ``qcnn`` it has
installed: the files import nothing but ``qcnn`` and, by relative imports, each other. What
an old commit does not have yet is skipped there.
"""
