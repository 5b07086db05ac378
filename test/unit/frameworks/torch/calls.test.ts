import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shape } from '../../../../src/core/network/network';
import { shapeText } from '../../../../src/core/network/shapes';
import { readTorch, type TorchReading, tensorsOf } from './readTorch';

/** A size that depends on the data is null. */
type RecordedShape = readonly (number | null)[];

interface RecordedLayer {
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly output: readonly RecordedShape[];
}

const folder = join(__dirname, 'calls');
const prelude = readFileSync(join(folder, 'prelude.py'), 'utf8');
const recorded = JSON.parse(readFileSync(join(folder, 'recorded.json'), 'utf8')) as {
  readonly torch: string;
  readonly functions: Readonly<Record<string, readonly RecordedShape[]>>;
  readonly values: Readonly<Record<string, string>>;
  readonly layers: Readonly<Record<string, RecordedLayer>>;
};

function texts(shapes: readonly (Shape | RecordedShape)[]): readonly string[] {
  return shapes.map((shape) => shapeText(shape?.map((size) => size ?? undefined)));
}

/** The lines of one table are one program, so that the prelude is read once. */
function evaluate(lines: readonly string[]): TorchReading {
  return readTorch(`${prelude}${lines.join('\n')}\n`);
}

suite(`torch: the shapes that functions of PyTorch ${recorded.torch} give`, () => {
  const expressions = Object.keys(recorded.functions);
  const { framework, scope } = evaluate(expressions.map((expression, index) => `result${index} = ${expression}`));
  for (const [index, [expression, expected]] of Object.entries(recorded.functions).entries()) {
    test(expression, () => {
      assert.deepEqual(texts(tensorsOf(framework, scope.names.get(`result${index}`))), texts(expected));
    });
  }
});

suite(`torch: numbers worked out with tensors of PyTorch ${recorded.torch}`, () => {
  const expressions = Object.keys(recorded.values);
  const { scope } = evaluate(expressions.map((expression, index) => `result${index} = repr(${expression})`));
  for (const [index, [expression, expected]] of Object.entries(recorded.values).entries()) {
    test(expression, () => {
      const result = scope.names.get(`result${index}`);
      assert.equal(result?.kind === 'str' ? result.value : result?.kind, expected);
    });
  }
});

suite(`torch: parameters and outputs of the layers of PyTorch ${recorded.torch}`, () => {
  const lines = Object.keys(recorded.layers).flatMap((line, index) => {
    const [construct, inputs] = line.split(' | ');
    return [`made${index} = ${construct}`, `result${index} = made${index}(${inputs})`];
  });
  const { framework, scope, parametersOf } = evaluate(lines);
  for (const [index, [line, expected]] of Object.entries(recorded.layers).entries()) {
    test(line, () => {
      assert.deepEqual(texts(tensorsOf(framework, scope.names.get(`result${index}`))), texts(expected.output));
      const parameters = parametersOf(`made${index}`).map(({ path, shape }) => `${path} ${shapeText(shape)}`);
      const known = Object.entries(expected.parameters).map(([path, shape]) => `${path} ${shapeText(shape)}`);
      assert.deepEqual(parameters, known);
    });
  }
});
