"""What a browser is called, by what it says of itself."""

_BROWSERS = {
    "Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS/": "Firefox",
    "Chrome/": "Chrome", "CriOS/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows",
    "Mac OS X": "macOS", "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip
_MOST_CHARACTERS = 60


def browser_of(agent: str) -> str:
    """`Firefox, Windows` for a `User-Agent`; the beginning of one that is not known."""
    found = [
        next((name for sign, name in known.items() if sign in agent), "")
        for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or agent[:_MOST_CHARACTERS]
