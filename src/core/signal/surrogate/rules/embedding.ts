import type { Call, Step } from '../rule';
import { trueValues } from '../tensor';

/** Rows of the weight [count, features] picked by the ids; ids outside the table count as its ends. */
export function embeddingStep(call: Call, count: number, features: number): Step | undefined {
  const [input] = call.inputs;
  const weight = call.parameter('weight');
  if (!input || !weight || weight.value.data.length !== count * features || !(count > 0)) return undefined;
  const ids = Int32Array.from(trueValues(input), (id) => Math.max(0, Math.min(count - 1, Math.floor(id))));
  const data = new Float32Array(ids.length * features);
  ids.forEach((id, place) => {
    data.set(weight.value.data.subarray(id * features, (id + 1) * features), place * features);
  });
  return {
    output: { shape: [...input.shape, features], data, logScale: weight.value.logScale },
    backward: (gradient) => {
      const back = new Float32Array(weight.value.data.length);
      ids.forEach((id, place) => {
        for (let feature = 0; feature < features; feature++) {
          const at = id * features + feature;
          back[at] = (back[at] as number) + (gradient.data[place * features + feature] as number);
        }
      });
      return {
        inputs: [undefined],
        parameters: { weight: { shape: weight.value.shape, data: back, logScale: gradient.logScale } },
      };
    },
  };
}
