"""Sonoteca listens to recorded sound, keeps what it heard, and answers questions about it.

What a program may call is listed in ``__init__.pyi``, each name with the module that defines
it; a module is imported when one of its names is first used. ``docs/python.md`` shows how.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
