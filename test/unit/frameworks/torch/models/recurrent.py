import torch
from torch import nn


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(6, 8, num_layers=2, nonlinearity="relu", bias=False)
        self.lstm = nn.LSTM(8, 10, batch_first=True, bidirectional=True, num_layers=2, dropout=0.1)
        self.gru = nn.GRU(20, 12)
        self.head = nn.Linear(12 + 10, 3)

    def forward(self, x):
        x, h = self.rnn(x)
        x, (hidden, cell) = self.lstm(x.transpose(0, 1))
        y, last = self.gru(x.permute(1, 0, 2))
        return self.head(torch.cat((last[-1], hidden[-1]), dim=1))


model = Recurrent()
output = model(torch.randn(7, 4, 6))
