"""From approved proposals to files that trainers load."""

from core.export.exporting import ExportReport, ExportRequest, as_archive, export, preview

__all__ = ["ExportReport", "ExportRequest", "as_archive", "export", "preview"]
