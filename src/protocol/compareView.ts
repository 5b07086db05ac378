import type { ActivationUse } from '../core/activations/activation';
import { catalogue, useActivation } from '../core/activations/catalogue';
import { gaussianMoments } from '../core/activations/gaussian';
import type { RecognisedActivation } from '../core/analysis';
import { curveView } from './profileView';
import type { CompareContent, ComparedActivation, NamedChoice } from './viewState';

/** What is drawn before anybody chose. */
export const firstCompared: readonly string[] = ['sigmoid', 'tanh', 'relu', 'gelu'];

/** The most that are drawn at once: more lines cannot be told apart. */
export const maxCompared = 6;

/** Every elementwise activation of the catalogue, before them the file's own ones; those asked for drawn. */
export function compareContent(
  ids: readonly string[],
  hasProfile: boolean,
  own: readonly RecognisedActivation[] = [],
): CompareContent {
  const choices = [...ownActivations(own), ...cataloguedActivations()];
  const known = new Set(choices.map(({ id }) => id));
  const chosen = [...new Set(ids)].filter((id) => known.has(id)).slice(0, maxCompared);
  return { kind: 'compare', choices, chosen, hasProfile };
}

/** What a comparison knows a recognised activation by: the catalogue's id, for an expression of the user's own its name. */
export function comparisonId({ name, activation }: RecognisedActivation): string {
  return activation.id === 'custom' ? `own:${name}` : activation.id;
}

function ownActivations(own: readonly RecognisedActivation[]): readonly ComparedActivation[] {
  const byId = new Map(own.map((recognised) => [comparisonId(recognised), recognised]));
  return [...byId].flatMap(([id, { name, activation }]) =>
    activation.id === 'custom' ? [{ ...compared(activation), id, title: name }] : [],
  );
}

let catalogued: readonly ComparedActivation[] | undefined;

function cataloguedActivations(): readonly ComparedActivation[] {
  catalogued ??= catalogue.flatMap((entry) => {
    const use = useActivation(entry.id);
    return use ? [{ ...compared(use), typicalUse: entry.typicalUse, saturates: entry.saturates }] : [];
  });
  return catalogued;
}

function compared(use: ActivationUse): ComparedActivation {
  const slopeRms = Math.sqrt(gaussianMoments(use, 0, 1).slopeSquare);
  return { ...curveView(use), slopeRms: Number.isFinite(slopeRms) ? slopeRms : undefined };
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
