"""The compact page as other libraries make it."""

import importlib
from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from bench.render_texts import RESOLVER, Out, all_texts_of, bars_of
from service.engine.records import Mailpiece
from service.engine.render import SymbolProfile
from service.engine.render.symbols import make_symbol


def by_canvas(given: Sequence[Mailpiece], out: Out) -> None:
    """reportlab's canvas, one drawString per text."""
    canvas = Canvas(out, pagesize=(612, 792), pageCompression=1)
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        for number in range(44):
            canvas.rect(57, 700 - 12 * number, 237.8, 0.43, stroke=0, fill=1)
        canvas.setFont("Helvetica", 9.5)
        for number, text in enumerate(all_texts_of(piece)):
            canvas.drawString(57 + 130 * (number % 4), 740 - 5.5 * number, text)
        for at, run in bars_of(made):
            canvas.rect(340 + 0.96 * at, 60, 0.96 * run, 45, stroke=0, fill=1)
        canvas.drawString(350, 50, made.human)
        canvas.showPage()
    canvas.save()


def by_fpdf(given: Sequence[Mailpiece], out: Out) -> None:
    """fpdf2, one text call per text."""
    document = importlib.import_module("fpdf").FPDF(unit="pt", format=(612, 792))
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        document.add_page()
        for number in range(44):
            document.rect(57, 92 + 12 * number, 237.8, 0.43, style="F")
        document.set_font("Helvetica", size=9.5)
        for number, text in enumerate(all_texts_of(piece)):
            if text:
                document.text(57 + 130 * (number % 4), 52 + 5.5 * number, text)
        for at, run in bars_of(made):
            document.rect(340 + 0.96 * at, 687, 0.96 * run, 45, style="F")
        document.text(350, 742, made.human)
    out.write(bytes(document.output()))


def by_weasyprint(given: Sequence[Mailpiece], out: Out) -> None:
    """WeasyPrint, absolutely placed spans and an SVG symbol."""
    pages = []
    for piece in given:
        made = make_symbol(piece.document.list_code, SymbolProfile.GS1_128, resolver=RESOLVER)
        spans = "".join(
            f'<p style="left:{57 + 130 * (n % 4)}pt;top:{52 + 5.5 * n}pt">{text}</p>'
            for n, text in enumerate(all_texts_of(piece))
        )
        bars = "".join(f'<rect x="{at}" width="{run}" height="45"/>' for at, run in bars_of(made))
        pages.append(f'<section>{spans}<svg width="192pt" height="45pt">{bars}</svg></section>')
    style = (
        "@page{size:612pt 792pt;margin:0}section{break-after:page;position:relative;height:790pt}"
        "p{position:absolute;margin:0;font:9.5pt sans-serif;white-space:nowrap}"
    )
    html = importlib.import_module("weasyprint").HTML(
        string=f"<style>{style}</style>{''.join(pages)}"
    )
    html.write_pdf(out)
