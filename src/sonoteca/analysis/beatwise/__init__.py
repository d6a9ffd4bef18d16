"""Analyzers that tell what sounds in each beat, which is what matching compares."""

from sonoteca.analysis.beatwise.profile import BeatProfileOfRegion
from sonoteca.analysis.beatwise.swing import SwingOfRegion

ANALYZERS = (BeatProfileOfRegion(), SwingOfRegion())
