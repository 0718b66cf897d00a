"""One look for light and dark, as Streamlit theme settings; components read the same values as CSS variables."""

_LIGHT = {
    "primaryColor": "#2f5fd0",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f4f5f7",
    "textColor": "#1c2024",
    "borderColor": "#dcdfe4",
    "linkColor": "#2f5fd0",
}
_DARK = {
    "primaryColor": "#7aa2ff",
    "backgroundColor": "#14161a",
    "secondaryBackgroundColor": "#1d2026",
    "textColor": "#e6e8eb",
    "borderColor": "#343941",
    "linkColor": "#8fb1ff",
}
_FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
_CODE = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

THEME: dict[str, str | float | bool] = {
    "theme.font": _FONT,
    "theme.codeFont": _CODE,
    "theme.baseFontSize": 14,
    "theme.baseRadius": "6px",
    "theme.showWidgetBorder": True,
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
}
