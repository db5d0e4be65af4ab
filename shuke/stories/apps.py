"""Django's name for this module, and the finding of its stories."""

import importlib
import pkgutil

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Imports every file beside this one, so that its story is known."""

    name = "shuke.stories"
    label = "stories"

    def ready(self) -> None:
        """A new story is a new file and nothing else."""
        package = importlib.import_module(self.name)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.ispkg:
                importlib.import_module(f"{self.name}.{module.name}")
