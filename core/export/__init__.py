"""From approved proposals to files that trainers load; and trajectories back out as they came in."""

from core.export.dumping import dump, dumped
from core.export.exporting import as_archive, check_output, export, preview
from core.export.request import ExportReport, ExportRequest
from core.export.selection import Selection

__all__ = [
    "ExportReport",
    "ExportRequest",
    "Selection",
    "as_archive",
    "check_output",
    "dump",
    "dumped",
    "export",
    "preview",
]
