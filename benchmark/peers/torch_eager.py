"""How far is PyTorch as most people run it?"""

from common import report
from torch_losses import calls, prepared

forward, gradient = calls(*prepared())
report("torch eager", "forward", forward)
report("torch eager", "gradient", gradient)
