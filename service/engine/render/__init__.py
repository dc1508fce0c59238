"""Render lists as PDF, from layouts, fonts and symbols. Pure: it reads no files or settings."""

from service.engine.render.address_trial import (
    AddressFault,
    AddressTrial,
    UnprintableAddress,
)
from service.engine.render.batch import (
    Checker,
    PiecePages,
    place_pieces,
    render_batch,
    render_one,
)
from service.engine.render.content_trial import ContentTrial
from service.engine.render.fonts import FontFile
from service.engine.render.four_state import PostalBarcode
from service.engine.render.intelligent_mail import IntelligentMail
from service.engine.render.layout import Layout
from service.engine.render.layout_data import layout_from
from service.engine.render.mailmark import Mailmark
from service.engine.render.offer_picture import Frame, frames_of_offer, print_offer
from service.engine.render.phrases import Stationery, stationery_from
from service.engine.render.postal import PostalForm, PostalForms, Sender, form_from
from service.engine.render.printable import PrintTrial, Unprintable
from service.engine.render.symbols import SymbolProfile
from service.engine.render.window import Window

__all__ = [
    "AddressFault",
    "AddressTrial",
    "Checker",
    "ContentTrial",
    "FontFile",
    "Frame",
    "IntelligentMail",
    "Layout",
    "Mailmark",
    "PiecePages",
    "PostalBarcode",
    "PostalForm",
    "PostalForms",
    "PrintTrial",
    "Sender",
    "Stationery",
    "SymbolProfile",
    "Unprintable",
    "UnprintableAddress",
    "Window",
    "form_from",
    "frames_of_offer",
    "layout_from",
    "place_pieces",
    "print_offer",
    "render_batch",
    "render_one",
    "stationery_from",
]
