import type { LossKind, Operation } from '../../network/network';
import { bindArguments } from '../../python/arguments';
import { makeNative, makeNativeClass } from '../../python/nativeClass';
import type { CallArguments, CallContext, CallTrail, ClassValue, InstanceValue, Value } from '../../python/values';
import type { Span } from '../../span';
import { tensorOf } from '../numpy/arrays';
import { addNode } from '../tensor/trace';
import type { KerasState } from './kerasState';
import { kerasMethod } from './layerClasses';
import { passing } from './modules/utilities';

type LossOperation = Extract<Operation, { kind: 'loss' }>;

interface LossType {
  readonly names: readonly string[];
  readonly kind: LossKind;
  /** With `from_logits=True`. */
  readonly logits?: LossKind;
}

/** `keras.losses` of Keras 3.15.1 (losses/__init__.py). Names beyond these are losses of unknown kind. */
const lossTypes: Readonly<Record<string, LossType>> = {
  CategoricalCrossentropy: {
    names: ['categorical_crossentropy'],
    kind: 'crossEntropyProbabilities',
    logits: 'crossEntropyLogits',
  },
  SparseCategoricalCrossentropy: {
    names: ['sparse_categorical_crossentropy'],
    kind: 'crossEntropyProbabilities',
    logits: 'crossEntropyLogits',
  },
  BinaryCrossentropy: {
    names: ['binary_crossentropy', 'bce', 'BCE'],
    kind: 'binaryCrossEntropyProbabilities',
    logits: 'binaryCrossEntropyLogits',
  },
  MeanSquaredError: { names: ['mean_squared_error', 'mse', 'MSE'], kind: 'meanSquaredError' },
  MeanAbsoluteError: { names: ['mean_absolute_error', 'mae', 'MAE'], kind: 'meanAbsoluteError' },
  Huber: { names: ['huber', 'huber_loss'], kind: 'huber' },
  KLDivergence: { names: ['kl_divergence', 'kld', 'KLD', 'kullback_leibler_divergence'], kind: 'klDivergence' },
  BinaryFocalCrossentropy: { names: ['binary_focal_crossentropy'], kind: 'unknown' },
  CategoricalFocalCrossentropy: { names: ['categorical_focal_crossentropy'], kind: 'unknown' },
  CategoricalHinge: { names: ['categorical_hinge'], kind: 'unknown' },
  CosineSimilarity: { names: ['cosine_similarity'], kind: 'unknown' },
  Hinge: { names: ['hinge'], kind: 'unknown' },
  LogCosh: { names: ['log_cosh', 'logcosh'], kind: 'unknown' },
  MeanAbsolutePercentageError: { names: ['mean_absolute_percentage_error', 'mape', 'MAPE'], kind: 'unknown' },
  MeanSquaredLogarithmicError: { names: ['mean_squared_logarithmic_error', 'msle', 'MSLE'], kind: 'unknown' },
  Poisson: { names: ['poisson'], kind: 'unknown' },
  SquaredHinge: { names: ['squared_hinge'], kind: 'unknown' },
  CTC: { names: ['ctc'], kind: 'unknown' },
  CategoricalGeneralizedCrossEntropy: { names: ['categorical_generalized_cross_entropy'], kind: 'unknown' },
  Circle: { names: ['circle'], kind: 'unknown' },
  Dice: { names: ['dice'], kind: 'unknown' },
  Tversky: { names: ['tversky'], kind: 'unknown' },
};

const typesByName: ReadonlyMap<string, LossType> = new Map(
  Object.entries(lossTypes).flatMap(([name, type]) => [name, ...type.names].map((alias) => [alias, type] as const)),
);

/** What a loss object keeps with its instance. */
class LossPayload {
  constructor(readonly operation: LossOperation) {}
}

/** Classes and functions of `keras.losses`. */
export function lossMembers(state: () => KerasState): ReadonlyMap<string, Value> {
  const base = makeNativeClass('keras.losses.Loss');
  const members = new Map<string, Value>([['Loss', base]]);
  for (const [name, type] of Object.entries(lossTypes)) {
    members.set(name, lossClass(state, name, type, base));
    for (const alias of type.names) members.set(alias, lossFunction(state, alias, type));
  }
  for (const name of ['get', 'deserialize']) members.set(name, lossGetter(name, members));
  members.set('serialize', passing('keras.losses.serialize'));
  return members;
}

/** A name becomes its function or a new object of its class; what is none stays. */
function lossGetter(name: string, members: ReadonlyMap<string, Value>): Value {
  return makeNative(`keras.losses.${name}`, ({ positional: [identifier] }, context) => {
    if (!identifier || identifier.kind === 'none') return { kind: 'none' };
    if (identifier.kind !== 'str') return identifier;
    const found = members.get(identifier.value);
    if (!found) return context.unknown(`no loss is called ${identifier.value}`);
    return found.kind === 'class' ? context.call(found, []) : found;
  });
}

/** `compile(loss=…)`: a string, an object, a function, or several by output. */
export function declareLoss(
  state: KerasState,
  model: InstanceValue,
  loss: Value | undefined,
  span: Span | undefined,
  context: CallContext,
): void {
  if (!loss || loss.kind === 'none') return;
  if (loss.kind === 'list' || loss.kind === 'tuple') {
    for (const item of loss.items) declareLoss(state, model, item, span, context);
    return;
  }
  if (loss.kind === 'dict') {
    for (const { value } of loss.entries.values()) declareLoss(state, model, value, span, context);
    return;
  }
  const trail: CallTrail = span ? [span, ...context.trail] : context.trail;
  state.session.lossDeclared({ operation: operationOf(loss), trail, model });
}

function operationOf(loss: Value): LossOperation {
  if (loss.kind === 'instance' && loss.payload instanceof LossPayload) return loss.payload.operation;
  const name = loss.kind === 'str' ? loss.value : loss.kind === 'native' || loss.kind === 'class' ? loss.name : '';
  const type = typesByName.get(name.slice(name.lastIndexOf('.') + 1));
  return { kind: 'loss', loss: type?.kind ?? 'unknown', reduction: 'mean' };
}

function lossClass(state: () => KerasState, name: string, type: LossType, base: ClassValue): ClassValue {
  const qualified = `keras.losses.${name}`;
  return makeNativeClass(qualified, [base], {
    __init__: kerasMethod(`${qualified}.__init__`, (self, args, context) => {
      const signature = type.logits ? 'from_logits=False, **kwargs' : '**kwargs';
      const bound = bindArguments(signature, { ...args, positional: args.positional.slice(0, 1) }, context);
      const logits = bound instanceof Map ? bound.get('from_logits') : undefined;
      const threshold = numberOf(args.named.get('delta') ?? (type.kind === 'huber' ? args.positional[0] : undefined));
      const smoothing = numberOf(args.named.get('label_smoothing'));
      self.payload = new LossPayload({
        kind: 'loss',
        loss: kindOf(type, logits, context),
        reduction: reductionOf(args.named.get('reduction')),
        ...(threshold !== undefined && { threshold }),
        ...(smoothing && { smoothing }),
      });
      return { kind: 'none' };
    }),
    __call__: kerasMethod(`${qualified}.__call__`, (self, args, context) => {
      const operation = operationOf(self);
      return applyLoss(state(), operation, name, args, self.made, context);
    }),
  });
}

function lossFunction(state: () => KerasState, name: string, type: LossType): Value {
  return makeNative(`keras.losses.${name}`, (args, context) => {
    const loss = kindOf(type, args.named.get('from_logits') ?? args.positional[2], context);
    return applyLoss(state(), { kind: 'loss', loss, reduction: 'none' }, name, args, context.trail, context);
  });
}

/** `loss(y_true, y_pred)`. */
function applyLoss(
  state: KerasState,
  operation: LossOperation,
  name: string,
  args: CallArguments,
  made: CallTrail,
  context: CallContext,
): Value {
  const target = tensorOf(args.positional[0] ?? args.named.get('y_true'));
  const predicted = args.positional[1] ?? args.named.get('y_pred');
  const prediction = tensorOf(predicted);
  if (!prediction) return predicted?.kind === 'unknown' ? predicted : context.unknown(`${name} of no tensor`);
  const shape = operation.reduction === 'none' ? prediction.shape?.slice(0, -1) : [];
  const inputs = target ? [prediction, target] : [prediction];
  const site = { trail: context.trail, made, name, label: name };
  return state.tensorValue(addNode(state.session, operation, inputs, shape, site));
}

function kindOf(type: LossType, fromLogits: Value | undefined, context: CallContext): LossKind {
  return type.logits && fromLogits && context.truth(fromLogits) === true ? type.logits : type.kind;
}

function numberOf(value: Value | undefined): number | undefined {
  return value?.kind === 'float' || value?.kind === 'int' ? value.value : undefined;
}

function reductionOf(value: Value | undefined): LossOperation['reduction'] {
  if (value?.kind === 'none') return 'none';
  if (value?.kind !== 'str') return 'mean';
  const name = value.value.toLowerCase();
  return name === 'sum' || name === 'none' ? name : 'mean';
}
