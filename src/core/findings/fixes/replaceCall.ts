import { findActivation } from '../../activations/catalogue';
import type { NetworkNode } from '../../network/network';
import type { Span } from '../../span';
import type { TextEdit } from '../finding';
import type { FixRequest } from './fixCandidate';
import { calleeName, calleePrefix, expressionAt, namedArgument, replace, textOf } from './sourceText';

/** Edits that set the biases, which the spans initialise, to zero. */
export function zeroBiases({ sources }: FixRequest, spans: readonly Span[]): readonly TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  for (const span of spans) {
    const place = expressionAt(sources, span);
    if (!place) return undefined;
    const { expression, source } = place;
    const keyword = place.around.find((node) => node.kind === 'call');
    if (
      expression.kind === 'call' &&
      expression.callee.kind === 'attribute' &&
      /_$/.test(expression.callee.attribute.name)
    ) {
      const first = expression.arguments[0];
      const isMethod = ['data', 'bias'].includes(
        expression.callee.object.kind === 'attribute' ? expression.callee.object.attribute.name : '',
      );
      if (isMethod) edits.push(replace(source, expression, `${textOf(source, expression.callee.object)}.zero_()`));
      else if (first)
        edits.push(
          replace(source, expression, `${calleePrefix(source, expression)}zeros_(${textOf(source, first.value)})`),
        );
      else return undefined;
    } else if (keyword) edits.push(replace(source, expression, '"zeros"'));
    else return undefined;
  }
  return edits.length > 0 ? edits : undefined;
}

/** Edits that turn a softmax layer, function or string into a ReLU. */
export function softmaxToRelu({ sources, model }: FixRequest, node: NetworkNode): readonly TextEdit[] | undefined {
  const place = expressionAt(sources, node.provenance.made);
  if (!place) return undefined;
  const { expression, source } = place;
  if (expression.kind === 'string') {
    const quote = textOf(source, expression).slice(-1);
    return [replace(source, expression, `${quote}relu${quote}`)];
  }
  if (expression.kind !== 'call') return undefined;
  const name = calleeName(expression);
  if (!name || expression.callee.kind !== 'attribute') return undefined;
  const prefix = calleePrefix(source, expression);
  if (/^[A-Z]/.test(name.name)) return [replace(source, expression, `${prefix}ReLU()`)];
  const knowsRelu = findActivation('relu')?.names.some(
    (alias) => alias.framework === model.framework && alias.name.endsWith('.relu'),
  );
  if (!knowsRelu) return undefined;
  const operand =
    namedArgument(expression, 'input') ?? namedArgument(expression, 'x') ?? positionalTensor(expression.arguments[0]);
  return [replace(source, expression, `${prefix}relu(${operand ? textOf(source, operand.value) : ''})`)];
}

/** The first argument unless it is the axis of a method call: `x.softmax(-1)`. */
function positionalTensor<A extends { readonly name: unknown; readonly value: { readonly kind: string } }>(
  argument: A | undefined,
) {
  if (!argument || argument.name !== undefined) return undefined;
  return argument.value.kind === 'number' || argument.value.kind === 'unary' ? undefined : argument;
}
