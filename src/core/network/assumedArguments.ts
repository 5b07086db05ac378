import { makeFloat, makeInt } from '../python/make';
import type { Expression } from '../python/syntax';
import type { FunctionValue, Value } from '../python/values';

/** What a required argument is taken to be where nobody says: by its name, first match. Always stated as an assumption. */
const assumedByName: readonly (readonly [pattern: RegExp, value: Value])[] = [
  [
    /^(n|num|nr|no|number)?_?(of_)?(classes|labels|outputs|actions|categories)$|^(out|output)_?(dims?|size|features|channels)?$|^nb_classes$|^n_out$/,
    makeInt(10),
  ],
  [/^(in|input)_?(channels?|chans?|ch)$|^channels?$|^(n|num)_channels$|^nc$|^image_channels$/, makeInt(3)],
  [/(vocab|tokens|num_embeddings)/, makeInt(1000)],
  [/(image|img|input)_?(size|resolution)$/, makeInt(32)],
  [/patch_?size/, makeInt(4)],
  [/(seq|sequence|context|block|max)_?(len|length|size)/, makeInt(32)],
  [/heads?$/, makeInt(4)],
  [/^(depth|(n|num)_?(layers|blocks)|layers|blocks)$/, makeInt(4)],
  [/kernel/, makeInt(3)],
  [/dropout|drop|^p$|rate/, makeFloat(0.1)],
  [
    /(in|input)_?(dims?|features|size|shape)?$|^d_in$|^n_in$|^(n|num)_features$|state_(dim|size)|obs(ervation)?_(dim|size)/,
    makeInt(64),
  ],
  [/hidden|width|^dim$|d_model|embed|^size$|features|channels|units|neurons|latent|^(n|num)_hiddens?$/, makeInt(128)],
];

export interface AssumedArgument {
  readonly name: string;
  readonly value: Value;
}

/** A parameter that a call can fill. */
export interface ArgumentParameter {
  readonly name: string;
  readonly isRequired: boolean;
  readonly annotation: Expression | undefined;
}

/**
 * Values for these parameters: an object of the class that a parameter is annotated with, where that needs no arguments (a
 * configuration with its defaults), else by name. `missing` names those that nothing sensible can be assumed for.
 */
export function assumeArguments(
  parameters: readonly ArgumentParameter[],
  configuration: (annotation: Expression) => Value | undefined,
): {
  readonly assumed: readonly AssumedArgument[];
  readonly missing: readonly string[];
} {
  const assumed: AssumedArgument[] = [];
  const missing: string[] = [];
  for (const { name, annotation } of parameters) {
    const value =
      (annotation && configuration(annotation)) ??
      assumedByName.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
    if (value) assumed.push({ name, value });
    else missing.push(name);
  }
  return { assumed, missing };
}

/** Parameters that a call gives by position or name, `self` included. */
export function parametersOf({ definition }: FunctionValue): readonly ArgumentParameter[] {
  return definition.parameters.flatMap(({ form, name, default: value, annotation }) =>
    form === 'plain' && name ? [{ name: name.name, isRequired: value === undefined, annotation }] : [],
  );
}
