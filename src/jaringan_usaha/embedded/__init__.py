"""A PostgreSQL of our own beside the program, for those who have none running."""

from jaringan_usaha.embedded.errors import EmbeddedServerError
from jaringan_usaha.embedded.place import default_data_folder
from jaringan_usaha.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "EmbeddedServerError", "default_data_folder"]
