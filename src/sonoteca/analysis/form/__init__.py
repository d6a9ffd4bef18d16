"""Analyzers of how a sound is built: energy, sections, cues, and whether its end flows into its start."""

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.form.cues import SectionCues
from sonoteca.analysis.form.energy import EnergyCurve, EnergyLevel
from sonoteca.analysis.form.loopability import Loopability
from sonoteca.analysis.form.sections import Sections

ANALYZERS: tuple[Analyzer, ...] = (EnergyLevel(), EnergyCurve(), Loopability(), Sections(), SectionCues())
