"""How far is the library that most medical segmentation is trained with?"""

import warnings

from common import NAME, leave_out, need, report, tensors

warnings.simplefilter("ignore")
torch = need("torch")
losses = need("monai.losses")

SOFTMAX = {"softmax": True, "to_onehot_y": True, "batch": True}
LOSSES = {
    "W1": lambda: losses.DiceLoss(sigmoid=True, smooth_nr=1e-5, smooth_dr=1e-5),
    "W2": lambda: losses.DiceLoss(**SOFTMAX),
    "W3": lambda: losses.DiceCELoss(**SOFTMAX),
    "W4": lambda: losses.DiceCELoss(**SOFTMAX),
    "W5": lambda: losses.DiceLoss(),
}
if NAME not in LOSSES:
    leave_out(f"no {NAME} here")
prediction, target = map(torch.from_numpy, tensors())
if target.dtype == torch.uint8:
    target = target.unsqueeze(1).to(torch.float32 if NAME == "W1" else torch.int64)

from torch_losses import calls  # noqa: E402 — it sets the threads

forward, gradient = calls(LOSSES[NAME](), prediction, target)
report("MONAI", "forward", forward)
report("MONAI", "gradient", gradient)
