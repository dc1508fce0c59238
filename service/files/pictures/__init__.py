"""Pictures for letters: found in a folder or a table, fetched, prepared once and kept by digest."""

from service.files.pictures.load import load_pictures
from service.files.pictures.prepare import LONGEST_EDGE_PX, Prepared, prepare

__all__ = ["LONGEST_EDGE_PX", "Prepared", "load_pictures", "prepare"]
