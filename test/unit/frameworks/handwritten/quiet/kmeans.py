import numpy as np
class KMeans:
    def __init__(self, k, d):
        self.centers = np.random.rand(k, d)
        self.scale = np.random.rand(k, k)
    def predict(self, X):
        d = ((X[:, None, :] - self.centers[None]) ** 2).sum(-1)
        return d.argmin(1)
    def fit(self, X):
        for _ in range(10):
            labels = self.predict(X)
            self.centers = np.array([X[labels == i].mean(0) for i in range(len(self.centers))])
km = KMeans(3, 2); km.fit(np.random.randn(50, 2))
