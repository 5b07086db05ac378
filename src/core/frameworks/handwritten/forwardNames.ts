import type { ClassValue, FunctionValue } from '../../python/values';

/** What people call the method or function that computes a network, likeliest first. */
const forwardNames: readonly RegExp[] = [
  /^forward$/i,
  /^feed_?forward$/i,
  /^forward_?(pass|prop|propagate|propagation|step)$/i,
  /^(l_)?model_forward$/i,
  /^__call__$/,
  /^(batched_)?predict(_proba|ion|ions)?$/i,
  /^(propagate|infer|inference|activate|think|query|logits|scores|apply|call)$/i,
  /^(net|network|neural_net(work)?|nn|mlp|model|classifier|encoder|decoder|generator|discriminator)(_fn|_apply)?$/i,
  /^loss$/i,
  /forward|predict/i,
];

/** How early a name is tried; undefined where it does not sound like a forward pass. */
export function forwardRank(name: string): number | undefined {
  if (/back|grad|train|fit|update|cost|error/i.test(name)) return undefined;
  const rank = forwardNames.findIndex((pattern) => pattern.test(name));
  return rank < 0 ? undefined : rank;
}

/** The method of the user's class that computes the network. */
export function forwardMethod(cls: ClassValue): FunctionValue | undefined {
  let best: { readonly method: FunctionValue; readonly rank: number } | undefined;
  for (const { namespace, isNative } of cls.mro) {
    for (const [name, value] of isNative ? [] : namespace) {
      const rank = value.kind === 'function' ? forwardRank(name) : undefined;
      if (value.kind === 'function' && rank !== undefined && (!best || rank < best.rank))
        best = { method: value, rank };
    }
  }
  return best?.method;
}

/** Position of the input among the method's parameters; undefined where it takes none after self. */
export function inputPosition({ definition }: FunctionValue): number | undefined {
  const plain = definition.parameters.filter(({ form, name }) => form === 'plain' && name !== undefined);
  return plain.length > 1 ? 1 : undefined;
}

/** Names of data, as against weights and settings. */
export function isInputName(name: string): boolean {
  return /^(x|xs|x_?\w*|inputs?\w*|data|images?|img|batch\w*|features?|a0|a|samples?|obs\w*|state|tokens?|activations?)$/i.test(
    name,
  );
}

/** Names of what the output is compared with: a forward pass that demands it does without. */
export function isTargetName(name: string): boolean {
  return /^(y|ys|y_?(true|train|batch)|labels?|targets?)$/i.test(name);
}
