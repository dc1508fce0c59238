"""The barcode that the post wants on letters, from the settings."""

from service.engine.render import IntelligentMail, Mailmark, PostalBarcode
from service.settings import LetterSettings


def barcode_of(settings: LetterSettings) -> PostalBarcode | None:
    """The postal barcode of the settings; None when no post wants one."""
    match settings.postal_barcode:
        case "intelligent_mail":
            return IntelligentMail(
                barcode_id=settings.imb_barcode_id,
                service_type=settings.imb_service_type,
                mailer_id=settings.imb_mailer_id,
            )
        case "mailmark_c" | "mailmark_l":
            return Mailmark(
                kind=settings.postal_barcode[-1],
                mail_class=settings.mailmark_class,
                supply_chain_id=settings.mailmark_supply_chain_id,
            )
        case _:
            return None
