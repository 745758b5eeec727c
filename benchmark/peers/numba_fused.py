"""How far does a Python user get who writes the fused kernel by hand? Two passes, one reading each; see `numba_kernels.py`."""

from common import NAME, THREADS, leave_out, need, np, report, tensors

numba = need("numba")
import numba_kernels as kernels  # noqa: E402

numba.set_num_threads(THREADS)
prediction, target = tensors()
SMOOTH = np.float64(1e-7 if NAME == "W6b" else 1e-5)
buffer = np.ones(prediction.size, np.float32).reshape(prediction.shape)


def dice(overlap, p, g):
    """The mean loss, and its derivatives by Σpg and by Σp."""
    cells = overlap.size
    numerator, denominator = 2 * overlap + SMOOTH, p + g + SMOOTH
    by_overlap, by_size = -2 / denominator / cells, numerator / denominator**2 / cells
    return np.mean(1 - numerator / denominator), by_overlap.astype(np.float32), by_size.astype(np.float32)


def softmax(with_entropy):
    samples, classes = prediction.shape[:2]
    z, y = prediction.reshape(samples, classes, -1), target.reshape(samples, -1)
    slope = buffer.reshape(z.shape)
    share = np.float32(1 / y.size if with_entropy else 0)

    def call(with_gradient):
        overlap, p, g, entropy = kernels.softmax_sums(z, y, with_entropy)
        loss, by_overlap, by_size = dice(overlap, p, g)
        if with_gradient:
            kernels.softmax_gradient(z, y, by_overlap, by_size, share, slope)
        return loss + (entropy / y.size if with_entropy else 0)

    return call


def sigmoid():
    z, y = prediction.reshape(prediction.shape[0], -1), target.reshape(prediction.shape[0], -1)
    slope = buffer.reshape(z.shape)

    def call(with_gradient):
        loss, by_overlap, by_size = dice(*kernels.sigmoid_sums(z, y))
        if with_gradient:
            kernels.sigmoid_gradient(z, y, by_overlap, by_size, slope)
        return loss

    return call


def small():
    classes = prediction.shape[1]
    p, g, slope = (array.reshape(classes, -1) for array in (prediction, target, buffer))
    return lambda with_gradient: kernels.small_dice(p, g, SMOOTH, slope, with_gradient)


def clipped_entropy():
    p, g, slope = (array.reshape(-1, prediction.shape[-1]) for array in (prediction, target, buffer))
    share = np.float32(1 / len(p))
    return lambda with_gradient: kernels.clipped_entropy(p, g, share, slope, with_gradient) / len(p)


def pooled_dice():
    p, g, slope = (array.reshape(-1) for array in (prediction, target, buffer))
    classes = prediction.shape[-1]

    def call(with_gradient):
        loss, by_overlap, by_size = dice(*kernels.interleaved_sums(p, g, classes))
        if with_gradient:
            kernels.interleaved_gradient(g, by_overlap, by_size, slope)
        return loss

    return call


def hard_dice():
    classes = 8 if NAME == "W7a" else 150
    a, b = prediction.reshape(-1), target.reshape(-1)

    def call(_):
        both, first, second = kernels.counts(a, b, classes)
        present = first + second > 0
        return np.mean(2 * both[present] / (first + second)[present])

    return call


CALLS = {
    "W1": sigmoid,
    "W2": lambda: softmax(False),
    "W3": lambda: softmax(True),
    "W4": lambda: softmax(True),
    "W5": small,
    "W6a": clipped_entropy,
    "W6b": pooled_dice,
    "W7a": hard_dice,
    "W7b": hard_dice,
}
if NAME not in CALLS:
    leave_out(f"no {NAME} here")
call = CALLS[NAME]()
report("numba fused", "forward", lambda: call(False))
if not NAME.startswith("W7"):
    report("numba fused", "gradient", lambda: call(True))
