"""The document parts of a PDF/VT-1 file: a record a piece, so that a press tells pieces apart.

ISO 16612-2, clause 6.5: a root node, and below it a part a piece with its pages and metadata.
"""

from service.engine.render.pdf import PdfWriter, text_string


class DocumentParts:
    """Writes the parts as pieces come."""

    def __init__(self, pdf: PdfWriter) -> None:
        self._pdf = pdf
        self._root, self._node = pdf.reserve(), pdf.reserve()
        self._parts: list[int] = []

    def begin(self) -> int:
        """Begin the part of a piece; returns the number that its pages refer to."""
        self._parts.append(self._pdf.reserve())
        return self._parts[-1]

    def end(self, *, first_page: int, last_page: int, name: str) -> None:
        """Write the part that was begun, from its pages and the name of its piece."""
        self._pdf.put(
            self._parts[-1],
            b"<</Type/DPart/Parent %d 0 R/Start %d 0 R/End %d 0 R/DPM<</Larder_Piece%b>>>>"
            % (self._node, first_page, last_page, text_string(name)),
        )

    def close(self) -> int:
        """Write what holds the parts together; returns the number of their root."""
        parts = b" ".join(b"%d 0 R" % part for part in self._parts)
        self._pdf.put(
            self._node,
            b"<</Type/DPart/Parent %d 0 R/DParts[[%b]]>>" % (self._root, parts),
        )
        self._pdf.put(
            self._root,
            b"<</Type/DPartRoot/DPartRootNode %d 0 R/RecordLevel 1/NodeNameList[/Batch/Piece]>>"
            % self._node,
        )
        return self._root
