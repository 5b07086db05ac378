import { catalogue, useActivation } from '../core/activations/catalogue';
import { gaussianMoments } from '../core/activations/gaussian';
import { curveView } from './profileView';
import type { CompareContent, ComparedActivation, NamedChoice } from './viewState';

/** What is drawn before anybody chose. */
export const firstCompared: readonly string[] = ['sigmoid', 'tanh', 'relu', 'gelu'];

/** The most that are drawn at once: more lines cannot be told apart. */
export const maxCompared = 6;

/** Every elementwise activation of the catalogue, those asked for drawn. */
export function compareContent(ids: readonly string[], hasProfile: boolean): CompareContent {
  const known = new Set(comparedActivations().map(({ id }) => id));
  const chosen = [...new Set(ids)].filter((id) => known.has(id)).slice(0, maxCompared);
  return { kind: 'compare', choices: comparedActivations(), chosen, hasProfile };
}

let choices: readonly ComparedActivation[] | undefined;

function comparedActivations(): readonly ComparedActivation[] {
  choices ??= catalogue.flatMap((entry) => {
    const use = useActivation(entry.id);
    if (!use) return [];
    const slopeRms = Math.sqrt(gaussianMoments(use, 0, 1).slopeSquare);
    return [
      {
        ...curveView(use),
        typicalUse: entry.typicalUse,
        saturates: entry.saturates,
        slopeRms: Number.isFinite(slopeRms) ? slopeRms : undefined,
      },
    ];
  });
  return choices;
}

const whatIfIds = ['relu', 'leaky-relu', 'elu', 'selu', 'gelu', 'silu', 'tanh', 'sigmoid'];

/** Activations that a what-if offers. */
export function whatIfActivations(): readonly NamedChoice[] {
  return whatIfIds.flatMap((id) => {
    const entry = catalogue.find((candidate) => candidate.id === id);
    return entry ? [{ id, title: entry.title }] : [];
  });
}

/** Initialisers by the names that network edits take. */
export const whatIfInitialisers: readonly NamedChoice[] = [
  { id: 'xavier-normal', title: 'Xavier (Glorot)' },
  { id: 'he-normal', title: 'He (Kaiming)' },
  { id: 'lecun-normal', title: 'LeCun' },
  { id: 'orthogonal', title: 'Orthogonal' },
];
