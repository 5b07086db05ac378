import assert from 'node:assert/strict';
import { catalogue, useActivation } from '../../../src/core/activations/catalogue';
import { defaultThresholds } from '../../../src/core/rules/thresholds';
import type { Span } from '../../../src/core/span';
import {
  compareContent,
  comparisonId,
  firstCompared,
  maxCompared,
  whatIfActivations,
} from '../../../src/protocol/compareView';
import { formatMessage } from '../../../src/protocol/format';
import { englishStrings, translateStrings } from '../../../src/protocol/pageStrings';
import { modelView } from '../../../src/protocol/profileView';
import { deepSigmoid, partlyUnknown, repairedSigmoid, residualCnn, sampleModel } from '../../page/sampleModels';

suite('view state of a profile', () => {
  const options = {
    thresholds: defaultThresholds,
    say: formatMessage,
    lineOf: (offset: number) => offset / 20,
    placeOf: ({ file, start }: Span) => `${file}:${start}`,
    translate: (text: string) => text,
  };

  test('layers stand in the order of the data, the input left out', () => {
    const view = modelView(deepSigmoid(), options);
    assert.equal(view.layers.length, 23);
    assert.deepEqual(
      view.layers.slice(0, 3).map(({ path, kind, curve }) => [path, kind, curve]),
      [
        ['net.0', 'weights', undefined],
        ['net.1', 'activation', 0],
        ['net.2', 'weights', undefined],
      ],
    );
    assert.equal(view.curves.length, 1, 'one curve for all sigmoids');
    assert.equal(view.depth, 12);
    assert.equal(view.parameterCount, 12 * 64 * 64);
    assert.equal(view.layers[0]?.shape, 'N × 64');
  });

  test('the fall is that of the first weight layer over the last', () => {
    const view = modelView(deepSigmoid(), { ...options, after: repairedSigmoid() });
    assert.ok(Math.abs((view.gradientFall ?? 0) - -8) < 1e-9);
    assert.ok(Math.abs((view.gradientFallAfter ?? 0) - -0.7) < 1e-9);
    assert.deepEqual(view.layers[0]?.gradientRange, { low: -1 + Math.log10(1e-2), high: -1 + 3 });
  });

  test('a what-if stands beside what is written', () => {
    const { layers, curves } = modelView(deepSigmoid(), { ...options, after: repairedSigmoid() });
    assert.equal(layers[0]?.now.gradient?.log10, -9);
    assert.equal(layers[0]?.severity, undefined);
    assert.equal(layers[1]?.label, 'relu');
    assert.equal(curves[layers[1]?.curve ?? -1]?.id, 'relu');
    assert.ok(Math.abs((layers[0]?.after?.gradient?.log10 ?? 0) - -1.7) < 1e-9);
  });

  test('the verdict is that of the rules, with the what-if’s changes where there are any', () => {
    assert.deepEqual(modelView(deepSigmoid(), options).verdict, { gradient: 'vanishing', severity: 'error' });
    const after = repairedSigmoid();
    assert.deepEqual(modelView(deepSigmoid(), { ...options, after }).verdict, { gradient: 'healthy' });
    const quiet = modelView({ ...deepSigmoid(), findings: [] }, options);
    assert.equal(quiet.verdict, undefined, 'what the rules keep quiet about is not called vanishing');
  });

  test('a layer of many pixels may have a smaller gradient each', () => {
    const model = residualCnn();
    const nodes = model.network.nodes.map((node, index) =>
      index === 1 ? { ...node, outputShape: [{ perBatch: 1 }, 64, 10, 10] } : node,
    );
    const view = modelView({ ...model, network: { ...model.network, nodes } }, options);
    const [first, second] = view.layers;
    const shift = (second?.gradientRange?.low ?? 0) - (first?.gradientRange?.low ?? 0);
    assert.ok(Math.abs(shift - 1) < 1e-9, 'half a decade a factor of ten in pixels');
  });

  test('findings mark their layers and carry their fixes’ effects', () => {
    const view = modelView(deepSigmoid(), options);
    assert.equal(view.layers[0]?.severity, 'error');
    assert.equal(view.layers[22]?.severity, undefined);
    assert.match(view.findings[0]?.message ?? '', /1e-8 .* 11 sigmoids/);
    assert.deepEqual(view.findings[0]?.fixes[0]?.effect, { isShare: false, before: -8, after: -0.4, resolves: true });
  });

  test('what is unknown stays away and says why', () => {
    const view = modelView(partlyUnknown(), options);
    assert.equal(view.layers[0]?.now.gradient, undefined);
    assert.equal(view.layers[3]?.kind, 'unknown');
    assert.equal(view.unknowns[0]?.line, 6);
    assert.equal(view.gradientFall, undefined);
  });

  test('numbers that are not finite never reach the page', () => {
    const wild = sampleModel('Wild', [
      {
        path: 'a',
        label: 'A',
        operation: {
          kind: 'activation',
          activation: { id: 'relu', parameters: {}, expression: { kind: 'input', index: 0 } },
        },
        gradient: Number.NEGATIVE_INFINITY,
        activation: Number.NaN,
        saturated: Number.NaN,
        preactivation: { mean: 0, std: Number.POSITIVE_INFINITY, slopeRms: 1 },
      },
    ]);
    const view = modelView(wild, options);
    assert.deepEqual(JSON.parse(JSON.stringify(view.layers[0]?.now)), { flags: [] });
  });
});

suite('view state of a comparison', () => {
  test('every elementwise activation can be chosen', () => {
    const { choices, chosen } = compareContent(firstCompared, false);
    assert.equal(choices.length, catalogue.filter(({ expression }) => expression !== undefined).length);
    assert.deepEqual(chosen, firstCompared);
  });

  test('unknown and repeated ids are passed over, and no more than six drawn', () => {
    assert.deepEqual(compareContent(['relu', 'relu', 'nonsense'], false).chosen, ['relu']);
    const all = catalogue.map(({ id }) => id);
    assert.equal(compareContent(all, false).chosen.length, maxCompared);
  });

  test('expressions of the user’s own stand first, under their names', () => {
    const z = { kind: 'input', index: 0 } as const;
    const expression = {
      kind: 'apply',
      primitive: 'multiply',
      operands: [z, { kind: 'apply', primitive: 'sin', operands: [z] }],
    } as const;
    const span = { file: 'a.py', start: 0, end: 1 };
    const own = [
      { name: 'wave', activation: { id: 'custom', parameters: {}, expression }, span },
      { name: 'r', activation: useActivation('relu'), span },
    ];
    const { choices, chosen } = compareContent(own.map(comparisonId), false, own);
    assert.deepEqual(chosen, ['own:wave', 'relu']);
    assert.deepEqual([choices[0]?.title, choices[0]?.id], ['wave', 'own:wave']);
    assert.equal(choices.filter(({ id }) => id === 'relu').length, 1);
  });

  test('the share of the slope that is left for N(0, 1) is √½ for ReLU', () => {
    const relu = compareContent([], false).choices.find(({ id }) => id === 'relu');
    assert.ok(Math.abs((relu?.slopeRms ?? 0) - Math.SQRT1_2) < 1e-6);
  });

  test('a what-if offers activations that the catalogue has', () => {
    assert.equal(whatIfActivations().length, 8);
  });
});

suite('page strings', () => {
  test('every one is translated', () => {
    const strings = translateStrings((text) => `<${text}>`);
    for (const [key, text] of Object.entries(englishStrings))
      assert.equal(strings[key as keyof typeof strings], `<${text}>`);
  });
});
