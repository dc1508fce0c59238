"""CPU of scoring in whole numbers against the plain float32 product: `python -m bench.log_odds`."""

import time
from collections.abc import Callable

import numpy as np

from service.engine.blas import use_one_thread
from service.engine.predict.fixed_point import ROWS_AT_ONCE, WholeNetwork

CLIP, ITEMS, DEPTH = 5.0, 2000, 8
NETWORKS = {"chance": (47, (96, 48), 1), "timing": (54, (24, 12), 13)}
ROWS = {100: 200, 100_000: 3}
GOES = 7


def drawn(features: int, widths: tuple[int, ...], outputs: int) -> dict[str, object]:
    """Weights as large as learned ones."""
    random = np.random.default_rng(1)
    sizes = (features + DEPTH, *widths)
    layers = []
    for wide, narrow in zip(sizes[:-1], widths, strict=True):
        layers += [random.standard_normal((wide, narrow)) * np.sqrt(2.0 / wide), np.zeros(narrow)]
    layers += [random.standard_normal((sizes[-1], outputs)), np.zeros(outputs)]
    layers.append(random.standard_normal((features, outputs)))
    return {
        "mean": np.zeros(features, dtype=np.float32),
        "scale": np.ones(features, dtype=np.float32),
        "layers": tuple(layer.astype(np.float32) for layer in layers),
        "items": 0.1 * random.standard_normal((ITEMS, DEPTH)).astype(np.float32),
        "item_bias": random.standard_normal((ITEMS, outputs)).astype(np.float32),
    }


def plain(weights: dict[str, object], inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The same network in float32, block after block."""
    *inner, last, base, linear = weights["layers"]
    found = np.empty((len(inputs), last.shape[1]))
    for start in range(0, len(inputs), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        standard = inputs[part].astype(np.float32)
        standard -= weights["mean"]
        standard /= weights["scale"]
        np.clip(standard, -CLIP, CLIP, out=standard)
        value = np.hstack([standard, weights["items"][rows[part]]])
        for weight, bias in zip(inner[::2], inner[1::2], strict=True):
            value = value @ weight
            value += bias
            np.maximum(value, 0.0, out=value)
        found[part] = value @ last + base + standard @ linear + weights["item_bias"][rows[part]]
    return found


def least(run: Callable[[], object], times: int) -> float:
    """CPU seconds of one call, the least of several goes."""
    goes = []
    for _ in range(GOES):
        start = time.process_time()
        for _ in range(times):
            run()
        goes.append((time.process_time() - start) / times)
    return min(goes)


def main() -> None:
    use_one_thread()
    for count, times in ROWS.items():
        exact, single = 0.0, 0.0
        for features, widths, outputs in NETWORKS.values():
            weights = drawn(features, widths, outputs)
            random = np.random.default_rng(2)
            inputs = random.standard_normal((features, count)).T
            rows = random.integers(0, ITEMS, count)
            network = WholeNetwork(**weights, clip=CLIP)
            exact += least(lambda n=network, i=inputs, r=rows: n.log_odds(i, r), times)
            single += least(lambda w=weights, i=inputs, r=rows: plain(w, i, r), times)
        print(
            f"{count:,} rows, both networks: {1e3 * exact:.2f} ms in whole numbers, "
            f"{1e3 * single:.2f} ms in float32, {exact / single:.2f} times"
        )


if __name__ == "__main__":
    main()
