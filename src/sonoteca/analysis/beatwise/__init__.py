"""What sounds beat by beat: the evidence by which loops are matched."""

from sonoteca.analysis.beatwise.profile import BeatProfileOfRegion
from sonoteca.analysis.beatwise.swing import SwingOfRegion

ANALYZERS = (BeatProfileOfRegion(), SwingOfRegion())
