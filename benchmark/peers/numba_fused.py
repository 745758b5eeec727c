"""How far does a Python user get who writes the fused kernel by hand? Two passes, one reading each; see `numba_kernels.py`."""

from common import NAME, THREADS, leave_out, need, np, report, tensors

numba = need("numba")
from numba_kernels import counts, planes_gradient, planes_sums, softmax_gradient, softmax_sums, sigmoid_gradient, sigmoid_sums  # noqa: E402

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
        overlap, p, g, entropy = softmax_sums(z, y, with_entropy)
        loss, by_overlap, by_size = dice(overlap, p, g)
        if with_gradient:
            softmax_gradient(z, y, by_overlap, by_size, share, slope)
        return loss + (entropy / y.size if with_entropy else 0)

    return call


def sigmoid():
    z, y = prediction.reshape(prediction.shape[0], -1), target.reshape(prediction.shape[0], -1)
    slope = buffer.reshape(z.shape)

    def call(with_gradient):
        loss, by_overlap, by_size = dice(*sigmoid_sums(z, y))
        if with_gradient:
            sigmoid_gradient(z, y, by_overlap, by_size, slope)
        return loss

    return call


def planes(last):
    """Probabilities and planes: `last` says where the classes lie."""
    classes = prediction.shape[-1] if last else prediction.shape[1]
    p = prediction.reshape(-1, classes) if last else prediction.reshape(classes, -1).T
    g = target.reshape(-1, classes) if last else target.reshape(classes, -1).T
    slope = buffer.reshape(-1, classes) if last else buffer.reshape(classes, -1).T
    entropy = NAME == "W6a"

    def call(with_gradient):
        if entropy:
            total = planes_sums(p, g, True)[3]
            if with_gradient:
                planes_gradient(p, g, np.zeros(classes, np.float32), np.zeros(classes, np.float32), np.float32(1 / len(p)), slope)
            return total / len(p)
        loss, by_overlap, by_size = dice(*planes_sums(p, g, False)[:3])
        if with_gradient:
            planes_gradient(p, g, by_overlap, by_size, np.float32(0), slope)
        return loss

    return call


def hard_dice():
    classes = 8 if NAME == "W7a" else 150
    a, b = prediction.reshape(-1), target.reshape(-1)

    def call(_):
        both, first, second = counts(a, b, classes)
        present = first + second > 0
        return np.mean(2 * both[present] / (first + second)[present])

    return call


CALLS = {
    "W1": sigmoid,
    "W2": lambda: softmax(False),
    "W3": lambda: softmax(True),
    "W4": lambda: softmax(True),
    "W5": lambda: planes(False),
    "W6a": lambda: planes(True),
    "W6b": lambda: planes(True),
    "W7a": hard_dice,
    "W7b": hard_dice,
}
if NAME not in CALLS:
    leave_out(f"no {NAME} here")
call = CALLS[NAME]()
report("numba fused", "forward", lambda: call(False))
if not NAME.startswith("W7"):
    report("numba fused", "gradient", lambda: call(True))
