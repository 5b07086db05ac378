import numpy as np
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10)) @ rng.standard_normal((10, 10))
Xc = X - X.mean(axis=0)
U, S, Vt = np.linalg.svd(Xc, full_matrices=False)
projected = Xc @ Vt.T[:, :2]
class PCA:
    def __init__(self, n): self.n = n
    def fit(self, X):
        self.mean_ = X.mean(axis=0)
        _, _, vt = np.linalg.svd(X - self.mean_)
        self.components_ = vt[: self.n]
    def transform(self, X): return (X - self.mean_) @ self.components_.T
    def predict(self, X): return self.transform(X)
p = PCA(2); p.fit(X); print(p.transform(X).shape)
