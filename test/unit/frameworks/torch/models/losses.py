import torch
from torch import nn
import torch.nn.functional as F


class Classifier(nn.Module):
    def __init__(self, features: int, *, hidden=(16, 8), act=nn.ReLU):
        super(Classifier, self).__init__()
        sizes = [features, *hidden]
        self.body = nn.Sequential(*[m for i, o in zip(sizes[:-1], sizes[1:]) for m in (nn.Linear(i, o), act())])
        self.out = nn.Linear(sizes[-1], 5)

    def forward(self, x):
        return F.log_softmax(self.out(self.body(x)), dim=1)


model = Classifier(10, act=nn.Tanh)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
output = model(torch.randn(6, 10))
loss = F.nll_loss(output, torch.randint(5, (6,)))
loss.backward()
optimizer.step()
