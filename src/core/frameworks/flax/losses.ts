import type { LossKind } from '../../network/network';
import { makeNative } from '../../python/nativeClass';
import type { NativeFunctionValue } from '../../python/values';
import { tensorOf } from '../numpy/arrays';
import { addNode } from '../tensor/trace';
import type { FlaxState } from './flaxState';

interface LossFunction {
  readonly kind: LossKind;
  /** The name of the argument that the model's output goes into. */
  readonly prediction: string;
  /** True where the last axis, the classes, is summed over. */
  readonly dropsClasses: boolean;
  readonly factor?: number;
}

const classes = (kind: LossKind): LossFunction => ({ kind, prediction: 'logits', dropsClasses: true });
const elements = (kind: LossKind, prediction = 'predictions'): LossFunction => ({
  kind,
  prediction,
  dropsClasses: false,
});

/** Losses of optax 0.2.8 (optax/losses), one value a sample or element: the code takes the mean itself. */
const lossFunctions: Readonly<Record<string, LossFunction>> = {
  softmax_cross_entropy: classes('crossEntropyLogits'),
  softmax_cross_entropy_with_integer_labels: classes('crossEntropyLogits'),
  safe_softmax_cross_entropy: classes('crossEntropyLogits'),
  sigmoid_binary_cross_entropy: elements('binaryCrossEntropyLogits', 'logits'),
  squared_error: elements('meanSquaredError'),
  l2_loss: { ...elements('meanSquaredError'), factor: 0.5 },
  huber_loss: elements('huber'),
};

/** A loss of `optax` or `optax.losses`. */
export function lossMember(state: () => FlaxState, name: string): NativeFunctionValue | undefined {
  const loss = Object.hasOwn(lossFunctions, name) ? lossFunctions[name] : undefined;
  if (!loss) return undefined;
  return makeNative(`optax.${name}`, (args, context) => {
    const given = args.named.get(loss.prediction) ?? args.positional[0];
    const prediction = tensorOf(given);
    const delta = loss.kind === 'huber' ? (args.named.get('delta') ?? args.positional[2]) : undefined;
    const threshold = delta?.kind === 'float' || delta?.kind === 'int' ? delta.value : undefined;
    const operation = {
      kind: 'loss',
      loss: loss.kind,
      reduction: 'none',
      ...(threshold !== undefined && { threshold }),
    } as const;
    if (!prediction) {
      const declared = { ...operation, reduction: 'mean' } as const;
      state().session.lossDeclared({ operation: declared, trail: context.trail, model: undefined });
      return given?.kind === 'unknown' ? given : context.unknown(`optax.${name} of no array`);
    }
    const target = tensorOf(args.named.get('labels') ?? args.named.get('targets') ?? args.positional[1]);
    const shape = loss.dropsClasses ? prediction.shape?.slice(0, -1) : prediction.shape;
    // One-hot rows and the like: labels that nothing is known of are drawn independently of the model.
    const isKnown = target && state().session.tracer.nodes[target.node]?.operation.kind !== 'unknown';
    const inputs = isKnown ? [prediction, target] : [prediction];
    const site = { trail: context.trail, name: 'loss', label: name };
    const made = addNode(state().session, operation, inputs, shape, site);
    if (loss.factor === undefined) return state().tensorValue(made);
    const scaled = addNode(state().session, { kind: 'sum', coefficients: [loss.factor] }, [made], shape, site);
    return state().tensorValue(scaled);
  });
}
