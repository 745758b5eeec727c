"""The workloads as a PyTorch user writes them; labels are int64, as PyTorch wants them."""

from common import NAME, THREADS, leave_out, need, tensors

torch = need("torch")
functional = torch.nn.functional
torch.set_num_threads(THREADS)


def dice(p, g, axes, smooth):
    """1 − (2·Σpg + s) / (Σp + Σg + s), a score for each of the axes that stay."""
    overlap, sizes = (p * g).sum(axes), p.sum(axes) + g.sum(axes)
    return (1 - (2 * overlap + smooth) / (sizes + smooth)).mean()


def planes(labels, classes):
    return functional.one_hot(labels, classes).movedim(-1, 1).to(torch.float32)


def sigmoid_dice(z, mask):
    return dice(z.sigmoid(), mask.unsqueeze(1).to(torch.float32), (2, 3), 1e-5)


def softmax_dice(z, labels):
    return dice(z.softmax(1), planes(labels, z.shape[1]), (0, *range(2, z.dim())), 1e-5)


def dice_cross_entropy(z, labels):
    return softmax_dice(z, labels) + functional.cross_entropy(z, labels)


def probability_dice(p, g):
    return dice(p, g, (2, 3), 1e-5)


def clipped_cross_entropy(p, g):
    return -(g * p.clamp(1e-7, 1 - 1e-7).log()).sum(-1).mean()


def pooled_dice(p, g):
    return dice(p, g, (0, 1, 2), 1e-7)


LOSSES = {
    "W1": sigmoid_dice,
    "W2": softmax_dice,
    "W3": dice_cross_entropy,
    "W4": dice_cross_entropy,
    "W5": probability_dice,
    "W6a": clipped_cross_entropy,
    "W6b": pooled_dice,
}


def prepared():
    """The loss of this task, its prediction and its target."""
    if NAME not in LOSSES:
        leave_out(f"no {NAME} here")
    prediction, target = map(torch.from_numpy, tensors())
    if target.dtype == torch.uint8 and NAME != "W1":
        target = target.to(torch.int64)
    return LOSSES[NAME], prediction, target


def calls(loss, prediction, target):
    """The forward pass alone, and with the gradient."""

    def forward():
        with torch.no_grad():
            return loss(prediction, target)

    leaf = prediction.clone().requires_grad_()

    def gradient():
        value = loss(leaf, target)
        torch.autograd.grad(value, leaf)
        return value.detach()

    return forward, gradient
