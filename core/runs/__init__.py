"""What a person or a script asks for first: import these files, run the stages over them."""

from core.runs.importing import FileReport, import_files, validate_files
from core.runs.running import run_pipeline, settings_identity

__all__ = ["FileReport", "import_files", "run_pipeline", "settings_identity", "validate_files"]
