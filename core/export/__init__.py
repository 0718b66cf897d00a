"""From approved proposals to files that trainers load."""

from core.export.exporting import ExportReport, ExportRequest, export, preview, suggest_path

__all__ = ["ExportReport", "ExportRequest", "export", "preview", "suggest_path"]
