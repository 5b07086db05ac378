import assert from 'node:assert/strict';
import { applyNetworkEdits } from '../../../src/core/network/edits';
import type { Network } from '../../../src/core/network/network';
import { NetworkBuilder, sigmoidStack } from './sampleNetwork';

function activationsOf(network: Network): readonly string[] {
  return network.nodes.flatMap(({ operation }) => (operation.kind === 'activation' ? [operation.activation.id] : []));
}

function kindsOf(network: Network): readonly string[] {
  return network.nodes.map(({ operation }) => operation.kind);
}

function assertTopological(network: Network): void {
  for (const [position, node] of network.nodes.entries()) {
    assert.equal(node.id, position);
    assert.ok(node.inputs.every((input) => input < position));
  }
}

suite('network edits', () => {
  test('every hidden activation is replaced, the network given stays as it was', () => {
    const before = sigmoidStack();
    const after = applyNetworkEdits(before, [{ kind: 'activation', id: 'relu' }]);
    assert.deepEqual(activationsOf(after), ['relu', 'relu']);
    assert.deepEqual(activationsOf(before), ['sigmoid', 'sigmoid']);
  });

  test('only the named paths are replaced', () => {
    const edited = applyNetworkEdits(sigmoidStack(), [{ kind: 'activation', id: 'tanh', paths: ['act2'] }]);
    assert.deepEqual(activationsOf(edited), ['sigmoid', 'tanh']);
  });

  test('an output activation and a gate keep their function', () => {
    const build = new NetworkBuilder();
    const hidden = build.linear('fc1', build.input(8), 8, 8);
    const gate = build.activation('gate', 'sigmoid', hidden);
    const gated = build.same('gated', { kind: 'product' }, hidden, gate);
    const network = build.network(build.activation('output', 'sigmoid', build.linear('fc2', gated, 8, 1)));
    assert.deepEqual(activationsOf(applyNetworkEdits(network, [{ kind: 'activation', id: 'relu' }])), [
      'sigmoid',
      'sigmoid',
    ]);
  });

  test('unknown ids change nothing', () => {
    const network = sigmoidStack();
    const edits = [
      { kind: 'activation', id: 'no-such' },
      { kind: 'initialiser', id: 'no-such' },
    ] as const;
    assert.deepEqual(applyNetworkEdits(network, edits), network);
  });

  test('initialisers follow the fans of each weight and zero the biases', () => {
    const edited = applyNetworkEdits(sigmoidStack(), [{ kind: 'initialiser', id: 'he-normal' }]);
    const first = edited.parameters.find(({ path }) => path === 'fc1.weight')?.initialiser.distribution;
    assert.ok(first?.kind === 'normal');
    assert.ok(Math.abs(first.std - Math.sqrt(2 / 8)) < 1e-12);
    const last = edited.parameters.find(({ path }) => path === 'fc3.weight')?.initialiser.distribution;
    assert.ok(last?.kind === 'normal');
    assert.ok(Math.abs(last.std - Math.sqrt(2 / 16)) < 1e-12);
    assert.deepEqual(edited.parameters.find(({ path }) => path === 'fc2.bias')?.initialiser.distribution, {
      kind: 'constant',
      value: 0,
    });
  });

  test('a norm goes before every hidden activation, and the ids stay positions', () => {
    const edited = applyNetworkEdits(sigmoidStack(), [{ kind: 'normalisation', variant: 'batch' }]);
    assertTopological(edited);
    assert.deepEqual(kindsOf(edited), [
      'input',
      'linear',
      'normalisation',
      'activation',
      'linear',
      'normalisation',
      'activation',
      'linear',
    ]);
    assert.deepEqual(edited.outputs, [7]);
    assert.equal(new Set(edited.nodes.map(({ path }) => path)).size, edited.nodes.length);
  });

  test('batch norm of pictures keeps the channels, layer norm the samples', () => {
    const build = new NetworkBuilder();
    const kernel = build.parameter('conv.weight', [6, 3, 3, 3]);
    const conv = build.add(
      'conv',
      {
        kind: 'convolution',
        rank: 2,
        inChannels: 3,
        outChannels: 6,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [
          { before: 1, after: 1 },
          { before: 1, after: 1 },
        ],
        paddingMode: 'zeros',
        dilation: [1, 1],
        groups: 1,
        transposed: false,
        channelAxis: 1,
      },
      [build.input(3, 8, 8)],
      [{ perBatch: 1 }, 6, 8, 8],
      [{ role: 'weight', parameter: kernel }],
    );
    const flat = build.add(
      'flatten',
      { kind: 'reshape' },
      [build.activation('act', 'relu', conv)],
      [{ perBatch: 1 }, 384],
    );
    const network = build.network(build.linear('fc', flat, 384, 2));
    const axes = (variant: 'batch' | 'layer') =>
      applyNetworkEdits(network, [{ kind: 'normalisation', variant }]).nodes.flatMap(({ operation }) =>
        operation.kind === 'normalisation' ? [operation.axes] : [],
      );
    assert.deepEqual(axes('batch'), [[0, 2, 3]]);
    assert.deepEqual(axes('layer'), [[1, 2, 3]]);
  });

  test('an activation that a norm precedes already gets no second one', () => {
    const once = applyNetworkEdits(sigmoidStack(), [{ kind: 'normalisation', variant: 'layer' }]);
    const twice = applyNetworkEdits(once, [{ kind: 'normalisation', variant: 'layer' }]);
    assert.deepEqual(kindsOf(twice), kindsOf(once));
  });
});
