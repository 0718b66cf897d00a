"""One look for light and dark, as Streamlit theme settings; components read the same values as CSS variables."""

_LIGHT = {
    "primaryColor": "#3a53d0",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f4f5f7",
    "textColor": "#1c2024",
    "borderColor": "#dcdfe4",
    "linkColor": "#3a53d0",
}
_DARK = {
    "primaryColor": "#5169e0",
    "backgroundColor": "#14161a",
    "secondaryBackgroundColor": "#1d2026",
    "textColor": "#e6e8eb",
    "borderColor": "#343941",
    "linkColor": "#9db0ff",
}
_FONT = (
    "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
)
_CODE = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

THEME: dict[str, str | float | bool | list[str] | list[int]] = {
    "theme.font": _FONT,
    "theme.codeFont": _CODE,
    "theme.baseFontSize": 14,
    "theme.headingFontSizes": ["1.5rem", "1.15rem", "1rem", "1rem", "1rem", "1rem"],
    "theme.headingFontWeights": [600, 600, 600, 600, 600, 600],
    "theme.baseRadius": "6px",
    "theme.showWidgetBorder": True,
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
}
