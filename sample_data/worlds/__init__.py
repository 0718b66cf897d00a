"""Worlds: the tools that scripted agents call, and the data behind them."""
