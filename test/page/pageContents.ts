import type { ModelAnalysis } from '../../src/core/analysis';
import { defaultThresholds } from '../../src/core/rules/thresholds';
import { compareContent, whatIfActivations, whatIfInitialisers } from '../../src/protocol/compareView';
import { formatMessage } from '../../src/protocol/format';
import { englishStrings } from '../../src/protocol/pageStrings';
import { modelView } from '../../src/protocol/profileView';
import type { Content, ProfileContent, ViewState } from '../../src/protocol/viewState';
import { deepSigmoid, hostile, partlyUnknown, repairedSigmoid, residualCnn, veryDeep } from './sampleModels';

let revision = 0;

export function stateOf(content: Content, more: Partial<ViewState> = {}): ViewState {
  revision++;
  return { revision, place: 'panel', strings: englishStrings, highlights: [], content, ...more };
}

export function profileOf(
  model: ModelAnalysis,
  more: Partial<ProfileContent> = {},
  after?: ModelAnalysis,
): ProfileContent {
  return {
    kind: 'profile',
    file: 'model.py',
    version: '1',
    isStale: false,
    isBusy: false,
    models: [model.name],
    chosen: 0,
    model: modelView(model, {
      after,
      thresholds: defaultThresholds,
      say: formatMessage,
      lineOf: (offset) => offset / 20,
    }),
    whatIf: { edits: [], activations: whatIfActivations(), initialisers: whatIfInitialisers },
    ...more,
  };
}

/** Every state of the page by name. */
export const contents = {
  sigmoid: () => profileOf(deepSigmoid(), { models: ['DeepSigmoid', 'Repaired'] }),
  'what-if': () =>
    profileOf(
      deepSigmoid(),
      {
        whatIf: {
          edits: [{ kind: 'activation', id: 'relu' }],
          activations: whatIfActivations(),
          initialisers: whatIfInitialisers,
        },
      },
      repairedSigmoid(),
    ),
  residual: () => profileOf(residualCnn()),
  unknown: () => profileOf(partlyUnknown(), { isStale: true, isBusy: true }),
  deep: () => profileOf(veryDeep()),
  hostile: () => profileOf(hostile()),
  compare: () => compareContent(['sigmoid', 'tanh', 'relu', 'gelu', 'silu', 'elu'], true),
  empty: (): Content => ({ kind: 'empty' }),
  busy: (): Content => ({ kind: 'busy', file: 'model.py' }),
  failed: (): Content => ({ kind: 'failed', file: 'model.py', reason: 'The analysis stopped unexpectedly.' }),
  nothing: (): Content => ({
    kind: 'nothing',
    file: 'notes.py',
    why: 'no-model',
    problems: ['Line 7: `build_model` is never called with values.'],
  }),
} satisfies Readonly<Record<string, () => Content>>;
