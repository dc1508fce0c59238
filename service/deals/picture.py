"""Pictures of deals as they are printed: the offer's place on a list, with its small print."""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pypdfium2 as pdfium

from service.deals.printable import Printing
from service.engine.compose import offer_line
from service.engine.records import OfferLine
from service.engine.redeem import Terms, wording_of
from service.engine.render import Frame, frames_of_offer, print_offer
from service.errors import InvalidInput, NotFound
from service.files import layouts
from service.files.pixels import PDFIUM, Pixels, to_png
from service.settings import Settings
from service.store.offers import products
from service.store.session import Database
from service.store.tables.offer import Offer

DPI = 200
_MARGIN_DOTS = 12
_WHITE = 255
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class Picture(NamedTuple):
    """A deal as printed in one language, as PNG."""

    deal_id: str
    language: str
    png: bytes

    @property
    def file_name(self) -> str:
        """A name that every file system takes."""
        return f"{re.sub(r'[^A-Za-z0-9._-]+', '_', self.deal_id)[:80]}-{self.language}.png"


def picture_deal(
    database: Database, settings: Settings, number: int, *, language: str = ""
) -> Picture:
    """A stored deal as it is printed; in the language of a household that states none by default.

    Raises NotFound for an unknown deal, InvalidInput for a language that lists are not printed in.
    """
    with database.read() as session:
        offer = session.get(Offer, number)
        if offer is None:
            raise NotFound("There is no such deal.")
        goods = products.goods_of(session, [number]).rows(named=True)
        row = {
            **offer.model_dump(),
            **(goods[0] if goods else {}),
            "texts": json.dumps(offer.texts),
            "face_values": json.dumps(offer.face_values),
        }
    terms = Terms.from_dict(json.loads(offer.terms)) if offer.terms != "{}" else None
    printing = Printing(settings.layout, settings.language)
    return _draw(row, terms, printing, language or settings.language, settings.currency)


def picture_each(
    deals: Sequence[Mapping[str, Any]],
    terms: Mapping[str, Terms],
    printing: Printing,
    *,
    currency: str,
) -> Iterator[Picture]:
    """Interpreted deals as they are printed, in each language that they have texts in.

    `deals` are rows of `InterpretedDeals.frame`, `terms` by their text as stored.
    """
    known = layouts.wordings()
    for deal in deals:
        own = [tag for tag in json.loads(deal["texts"]) if tag in known]
        for language in dict.fromkeys((printing.language, *own)):
            yield _draw(deal, terms.get(deal["terms"]), printing, language, currency)


def zip_pictures(pictures: Iterable[Picture]) -> bytes:
    """A ZIP of pictures; the same pictures give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for number, picture in enumerate(pictures, 1):
            name = f"{number:03d}-{picture.file_name}"
            package.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), picture.png)
    return out.getvalue()


def _draw(
    deal: Mapping[str, Any], terms: Terms | None, printing: Printing, language: str, currency: str
) -> Picture:
    layout = layouts.load(printing.layout)
    on: date = deal["mail_from"]
    line = offer_line(
        1,
        {**deal, "offer_id": 0, "department": ""},
        terms,
        currency=currency,
        language=language,
        wording=wording_of(layouts.wordings(), language),
    )

    def printed(line: OfferLine) -> bytes:
        return print_offer(line, layout, retailer="", currency=currency, language=language, on=on)

    try:
        pdf = printed(line)
    except InvalidInput:
        # Lists leave unsaid which goods count where there is no room for it.
        pdf = printed(replace(line, goods=""))
    frames = frames_of_offer(layout, has_legal=bool(line.legal))
    return Picture(deal["deal_ref"], language, to_png(_stack(_cut_out(pdf, frames))))


def _cut_out(pdf: bytes, frames: Sequence[Frame]) -> list[Pixels]:
    """The parts of the pages, each without the white below it and to its right."""
    found = []
    with PDFIUM:
        document = pdfium.PdfDocument(pdf)
        try:
            for frame in frames:
                page = document[frame.page]
                width, height = page.get_size()
                cut = (frame.left, frame.bottom, width - frame.right, height - frame.top)
                drawn = page.render(scale=DPI / 72, crop=cut, rev_byteorder=True)
                found.append(drawn.to_numpy()[:, :, :3].copy())
        finally:
            document.close()
    return [_trim(pixels) for pixels in found]


def _trim(pixels: Pixels) -> Pixels:
    rows, columns = np.nonzero((pixels < _WHITE).any(axis=2))
    return pixels[: rows.max() + 1, : columns.max() + 1] if len(rows) else pixels[:1, :1]


def _stack(parts: Sequence[Pixels]) -> Pixels:
    """The parts below each other on white, with a margin around each."""
    margin = _MARGIN_DOTS
    width = max(part.shape[1] for part in parts) + 2 * margin
    height = sum(part.shape[0] + margin for part in parts) + margin
    whole = np.full((height, width, 3), _WHITE, np.uint8)
    top = margin
    for part in parts:
        whole[top : top + part.shape[0], margin : margin + part.shape[1]] = part
        top += part.shape[0] + margin
    return whole
