import numpy as np
from scipy.ndimage import convolve
image = np.random.rand(16, 16)
kernel = np.ones((3, 3)) / 9
def forward(img):
    out = np.zeros_like(img)
    for i in range(1, 15):
        for j in range(1, 15):
            out[i, j] = (img[i-1:i+2, j-1:j+2] * kernel).sum()
    return out
blurred = convolve(image, kernel)
F = np.fft.fft2(image)
rot = np.array([[0.0, -1.0], [1.0, 0.0]])
points = np.random.rand(10, 2) @ rot
