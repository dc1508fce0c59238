"""Render lists as PDF, from layouts, fonts and symbols. Pure: it reads no files or settings."""

from service.engine.render.batch import Checker, PiecePages, render_batch, render_one
from service.engine.render.fonts import FontFile
from service.engine.render.layout import Layout, Window
from service.engine.render.layout_data import layout_from
from service.engine.render.phrases import Stationery, stationery_from
from service.engine.render.symbols import SymbolProfile

__all__ = [
    "Checker",
    "FontFile",
    "Layout",
    "PiecePages",
    "Stationery",
    "SymbolProfile",
    "Window",
    "layout_from",
    "render_batch",
    "render_one",
    "stationery_from",
]
