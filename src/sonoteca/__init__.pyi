"""The public front: every name a program or one of our own voices may use, and where it is defined."""

from .catalogue.described import DescribeAnswer as DescribeAnswer
from .catalogue.described import DescribeRequest as DescribeRequest
from .catalogue.described import describe_sound as describe_sound
from .catalogue.store.library import Library as Library
from .catalogue.store.library import open_library as open_library
from .domain.file_analysis import AnalysisSettings as AnalysisSettings
from .ingest.listener import Listener as Listener
from .search.corrections import EditAnswer as EditAnswer
from .search.corrections import EditRequest as EditRequest
from .search.corrections import RemoveAnswer as RemoveAnswer
from .search.corrections import RemoveRequest as RemoveRequest
from .search.corrections import UndoAnswer as UndoAnswer
from .search.corrections import edit as edit
from .search.corrections import remove_sounds as remove_sounds
from .search.corrections import undo as undo
from .search.listing import FacetsAnswer as FacetsAnswer
from .search.listing import FacetsRequest as FacetsRequest
from .search.listing import ListAnswer as ListAnswer
from .search.listing import ListRequest as ListRequest
from .search.listing import count_facets as count_facets
from .search.listing import list_sounds as list_sounds
from .search.query.facets import Facets as Facets
from .search.query.listing import SoundRow as SoundRow
from .search.result_row import ResultRow as ResultRow
from .search.similar import SimilarAnswer as SimilarAnswer
from .search.similar import SimilarRequest as SimilarRequest
from .search.similar import find_similar as find_similar
from .search.words import WordsAnswer as WordsAnswer
from .search.words import WordsRequest as WordsRequest
from .search.words import search_words as search_words

__version__: str
