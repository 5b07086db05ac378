"""Layers hold a matrix each, which training changes in place before the network is used."""
from numpy import array, dot, exp, random


class NeuronLayer:
    def __init__(self, neurons, inputs):
        self.synaptic_weights = 2 * random.random((inputs, neurons)) - 1


class NeuralNetwork:
    def __init__(self, layer1, layer2):
        self.layer1 = layer1
        self.layer2 = layer2

    def __sigmoid(self, x):
        return 1 / (1 + exp(-x))

    def train(self, inputs, outputs, rounds):
        for _ in range(rounds):
            first, second = self.think(inputs)
            delta2 = (outputs - second) * second * (1 - second)
            delta1 = delta2.dot(self.layer2.synaptic_weights.T) * first * (1 - first)
            self.layer1.synaptic_weights += inputs.T.dot(delta1)
            self.layer2.synaptic_weights += first.T.dot(delta2)

    def think(self, inputs):
        first = self.__sigmoid(dot(inputs, self.layer1.synaptic_weights))
        second = self.__sigmoid(dot(first, self.layer2.synaptic_weights))
        return first, second


random.seed(1)
network = NeuralNetwork(NeuronLayer(4, 3), NeuronLayer(1, 4))
inputs = array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]])
outputs = array([[0, 1, 1, 1, 1, 0, 0]]).T
network.train(inputs, outputs, 60)
hidden, answer = network.think(array([[1, 1, 0]]))
