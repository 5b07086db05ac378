"""Lets torchvision's Python sources be imported where its compiled operators are not: they are only declared."""

import sys
import types

import torch.library

library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
