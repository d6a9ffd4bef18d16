"""The public front: every name a program or one of our own voices may use, and where it is defined."""

from .catalogue.store.library import Library as Library
from .catalogue.store.library import open_library as open_library
from .domain.file_analysis import AnalysisSettings as AnalysisSettings
from .ingest.listener import Listener as Listener
from .search.result_row import ResultRow as ResultRow
from .search.similar import SimilarAnswer as SimilarAnswer
from .search.similar import SimilarRequest as SimilarRequest
from .search.similar import find_similar as find_similar

__version__: str
