"""How far is PyTorch with its compiler (which needs a C++ compiler on this machine)?"""

from common import report
from torch_losses import calls, prepared, torch

loss, prediction, target = prepared()
forward, gradient = calls(torch.compile(loss, dynamic=False), prediction, target)
report("torch.compile", "forward", forward)
report("torch.compile", "gradient", gradient)
