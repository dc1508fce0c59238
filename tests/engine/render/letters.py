"""Whole letters in scripts that the shipped phrases do not speak: each with texts of its own."""

from dataclasses import replace
from functools import cache

from service.engine.records import Address, Mailpiece
from service.engine.render import Layout
from service.files import layouts
from tests.engine.render.lists import document

LETTERS = {
    "vi": (
        "Chào chị Nguyễn Thị Hồng Phượng", "Danh sách mua sắm tiếp theo của bạn",
        "Sữa tươi nguyên kem", "Rau muống, đậu phụ và cá lóc kho tộ", "giảm 20.000 ₫",
    ),
    "zh": (
        "李瑄璟，您好", "这些优惠是为您的家庭挑选的。请带上清单，在收银台出示条码。",
        "𬭊钢菜刀与䶮牌酱油", "𠮷野家牛肉饭，䲟鱼，𫓧和鿍", "减20元",
    ),
    "ja": (
        "𠮷田 葵様、こんにちは", "次の買い物リストです。レジでこのコードをご提示ください。",
        "直火焼きの骨付き鶏肉", "髙島屋のパンと牛乳、ﾊﾝｶｸもどうぞ", "１００円引き",
    ),
    "ko": (
        "김서연 님, 안녕하세요", "다음 장보기 목록입니다. 계산대에서 이 코드를 보여 주세요.",
        "흰 우유와 달걀", "갓 구운 식빵, 뷁똠방각하", "1,000원 할인",
    ),
    "ar": (
        "مرحبا محمد علي", "اختيرت هذه العروض لأسرتك. خذ القائمة معك وأظهر الرمز عند الصندوق.",
        "الحليب الطازج (2 لتر)", "خُبْز لا غنى عنه، 500 غ", "خصم 20%",
    ),
    "he": (
        "שלום דוד כהן", "המבצעים האלה נבחרו עבור משק הבית שלכם. הציגו את הקוד בקופה.",
        "חלב טרי (2 ליטר)", "לֶחֶם שָׁחוֹר, 500 גרם", "הנחה של 20%",
    ),
    "th": (
        "สวัสดีคุณสมชาย ใจดี", "รายการซื้อของครั้งต่อไปของคุณ แสดงรหัสนี้ที่จุดชำระเงิน",
        "น้ำปลาแท้ ตราปลาหมึก", "ผู้ใหญ่ที่นี่ดื่มน้ำชา ปั๊มกู้ฎุญฐู", "ลด 20 บาท",
    ),
}  # fmt: skip
"""For each language a greeting, an introduction, and the title, detail and value of an offer."""
NAMES = {
    "vi": ("Nguyễn Thị Hồng Phượng", "Đường Trần Hưng Đạo 12", "Hà Nội", "VN"),
    "zh": ("李瑄璟", "文化路12号", "南京", "CN"),
    "ja": ("髙橋 葵", "桜丘町1-2-3", "渋谷区", "JP"),
    "ko": ("김서연", "세종대로 110", "서울", "KR"),
    "ar": ("محمد علي", "شارع الملك فيصل 12", "القاهرة", "EG"),
    "he": ("דוד כהן", "רחוב הרצל 5", "תל אביב", "IL"),
    "th": ("สมชาย ใจดี", "99 ถนนสุขุมวิท", "กรุงเทพ", "TH"),
}
"""For each language a name, a street, a city and a country."""


@cache
def layout_with_letters(name: str = "classic-a4") -> Layout:
    """A shipped layout that also speaks the languages of the letters."""
    layout = layouts.load(name)
    english = layout.stationery.phrases["en"]
    phrases = {
        language: replace(english, language=language, texts={**english.texts, "intro": texts[1]})
        for language, texts in LETTERS.items()
    }
    stationery = replace(layout.stationery, phrases={**layout.stationery.phrases, **phrases})
    return replace(layout, stationery=stationery)


def letter(language: str) -> Mailpiece:
    """A letter with the texts of a language."""
    greeting, _, title, detail, value = LETTERS[language]
    plain = document(language=language, greeting=greeting, offers=1)
    offers = tuple(
        replace(each, title=title, detail=detail, value_text=value) for each in plain.offers
    )
    reminders = tuple(replace(each, item=title, product=detail) for each in plain.reminders)
    name, street, city, country = NAMES[language]
    address = Address(name, street, "", "10110", city, "", country)
    whole = replace(plain, offers=offers, reminders=reminders, tip=f"{title}. {detail}")
    return Mailpiece(f"LETTER-{language}", 1, address, whole)
