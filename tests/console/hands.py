"""The two ways to use a page: by mouse, and by keyboard alone. Both count what they do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

_IS_FOCUSED = "(element) => element === document.activeElement"
_IS_BEFORE = """(element) => Boolean(document.activeElement.compareDocumentPosition(element)
  & Node.DOCUMENT_POSITION_PRECEDING)"""
_IS_SKIPPED_TO = """(element) => document.activeElement === document.body
  && document.getElementById("main").contains(element)"""
_FARTHEST = 150


@dataclass
class Hand(ABC):
    """Who uses a page. `steps` counts what is pressed, filled in, chosen and sent."""

    page: Page
    has_scripts: bool = True
    steps: int = 0

    @abstractmethod
    def press(self, target: Locator) -> None:
        """A button, a link or a checkbox."""

    def follow(self, target: Locator) -> None:
        """A button or a link to another page, which is there afterwards; its scripts have run."""
        with self.page.expect_navigation():
            self.press(target)

    @abstractmethod
    def fill(self, target: Locator, text: str) -> None:
        """A field of text."""

    @abstractmethod
    def choose(self, target: Locator, label: str) -> None:
        """One of a few choices."""

    @abstractmethod
    def send(self, target: Locator, file: Path) -> None:
        """A file into the field that takes one."""


@dataclass
class Mouse(Hand):
    """By pointing and clicking."""

    def press(self, target: Locator) -> None:
        self.steps += 1
        target.click()

    def fill(self, target: Locator, text: str) -> None:
        self.steps += 1
        target.fill(text)

    def choose(self, target: Locator, label: str) -> None:
        self.steps += 1
        target.select_option(label)

    def send(self, target: Locator, file: Path) -> None:
        self.steps += 1
        target.set_input_files(file)


@dataclass
class Keyboard(Hand):
    """By Tab, Enter, Space and typing alone. `keys` counts all but what is typed as text."""

    keys: int = 0

    def press(self, target: Locator) -> None:
        self._reach(target)
        is_box = target.evaluate("(element) => element.type === 'checkbox'")
        self._key("Space" if is_box else "Enter")
        self.steps += 1

    def fill(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.type(text)
        self.steps += 1

    def choose(self, target: Locator, label: str) -> None:
        """By its first letter: pressed again it leads to the next choice that begins with it."""
        self._reach(target)
        chosen = target.locator("option:checked")
        for _ in range(target.locator("option").count()):
            if chosen.inner_text() == label:
                break
            self.page.keyboard.press(label[0])
        expect(chosen).to_have_text(label)
        self.steps += 1

    def send(self, target: Locator, file: Path) -> None:
        """Space opens the system's own dialog, which is not the page's to answer: it is counted."""
        self._reach(target)
        self.keys += 1
        target.set_input_files(file)
        self.steps += 1

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        if target.evaluate(_IS_SKIPPED_TO):
            # The first key of a page leads past the navigation.
            self._key("Tab")
            self._key("Enter")
        key = "Shift+Tab" if target.evaluate(_IS_BEFORE) else "Tab"
        for _ in range(_FARTHEST):
            if target.evaluate(_IS_FOCUSED):
                return
            self._key(key)
        raise AssertionError(f"the keyboard does not reach {target}")

    def _key(self, name: str) -> None:
        self.page.keyboard.press(name)
        self.keys += 1
