"""The console command ``pwg``, above all other packages: see :mod:`pwg.__main__`."""
