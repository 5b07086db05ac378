import assert from 'node:assert/strict';
import {
  ancestorsOf,
  consumersByNode,
  hiddenNodes,
  parameterCount,
  trainableLayers,
  trainableParameterCount,
} from '../../../src/core/network/summary';
import { NetworkBuilder, sigmoidStack } from './sampleNetwork';

suite('network summary', () => {
  test('parameters are counted as the frameworks count them', () => {
    assert.equal(parameterCount(sigmoidStack()), 8 * 16 + 16 + (16 * 16 + 16) + (16 * 4 + 4));
  });

  test('frozen parameters count, but not as trainable', () => {
    const network = sigmoidStack();
    const frozen = network.parameters.map((parameter) =>
      parameter.path.startsWith('fc1') ? { ...parameter, isTrainable: false } : parameter,
    );
    assert.equal(parameterCount({ ...network, parameters: frozen }), parameterCount(network));
    assert.equal(trainableParameterCount({ ...network, parameters: frozen }), 16 * 16 + 16 + 16 * 4 + 4);
    assert.deepEqual(
      trainableLayers({ ...network, parameters: frozen }).map(({ path }) => path),
      ['fc2', 'fc3'],
    );
  });

  test('a node that reads another twice is its consumer once', () => {
    const build = new NetworkBuilder();
    const input = build.input(4);
    const square = build.same('square', { kind: 'product' }, input, input);
    const consumers = consumersByNode(build.network(square));
    assert.deepEqual(
      consumers.map((nodes) => nodes.map(({ path }) => path)),
      [['square'], []],
    );
  });

  test('hidden is what has a trainable layer on both sides', () => {
    const network = sigmoidStack();
    const paths = [...hiddenNodes(network)].map((id) => network.nodes[id]?.path);
    assert.deepEqual(paths, ['act1', 'fc2', 'act2']);
  });

  test('what lies behind the outputs, up to the loss, is not hidden', () => {
    const build = new NetworkBuilder();
    const output = build.linear('fc', build.input(4), 4, 4);
    const squashed = build.activation('squashed', 'sigmoid', output);
    const loss = build.linear('critic', squashed, 4, 1);
    assert.deepEqual([...hiddenNodes(build.network(output, loss))], []);
  });

  test('ancestors stop nowhere and name each node once', () => {
    const network = sigmoidStack();
    assert.deepEqual([...ancestorsOf(network.nodes, [2, 3])].sort(), [0, 1, 2, 3]);
  });
});
