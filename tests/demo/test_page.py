"""The code that the demonstration prints, read back from the terminal."""

import numpy as np
import zxingcpp

from service.demo.page import address_here, in_terminal


def test_a_phone_reads_the_code_from_the_terminal() -> None:
    address = f"{address_here()}/l/0123456789abcdefghjkmnpqrs"
    shown = [
        [int(char not in dark) for char in line] for line in in_terminal(address)
        for dark in ("▀█", "▄█")
    ]  # fmt: skip
    image = np.kron(np.array(shown, dtype=np.uint8) * 255, np.ones((4, 4), dtype=np.uint8))
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == address
