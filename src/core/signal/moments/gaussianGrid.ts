/** Midpoint rule over the standard normal: it serves kinks too, and no node sits on the kink at 0 that most of them have. */
export const gridSize = 512;
export const hermiteCount = 24;
const reach = 7.5;

export const gridNodes = new Float64Array(gridSize);
export const gridWeights = new Float64Array(gridSize);
/** h_k(x_j) · w_j at index k · gridSize + j. */
export const weightedHermite = new Float64Array(hermiteCount * gridSize);

const step = (2 * reach) / gridSize;
let total = 0;
for (let j = 0; j < gridSize; j++) {
  const x = -reach + (j + 0.5) * step;
  const weight = Math.exp((-x * x) / 2);
  gridNodes[j] = x;
  gridWeights[j] = weight;
  total += weight;
}
for (let j = 0; j < gridSize; j++) {
  gridWeights[j] = (gridWeights[j] as number) / total;
  const x = gridNodes[j] as number;
  const weight = gridWeights[j] as number;
  let previous = 0;
  let current = 1;
  for (let k = 0; k < hermiteCount; k++) {
    weightedHermite[k * gridSize + j] = current * weight;
    const next = (x * current - Math.sqrt(k) * previous) / Math.sqrt(k + 1);
    previous = current;
    current = next;
  }
}
