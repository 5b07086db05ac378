import type { ModelAnalysis, Origin } from '../../src/core/analysis';
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
    isRefining: false,
    models: [model.name],
    chosen: 0,
    blocks: [],
    unbuilt: [],
    canWriteDirective: false,
    model: modelView(model, {
      after,
      thresholds: defaultThresholds,
      say: formatMessage,
      lineOf: (offset) => offset / 20,
      placeOf: ({ start }) => `line ${start / 20}`,
      translate: (text) => text,
    }),
    whatIf: { edits: [], activations: whatIfActivations(), initialisers: whatIfInitialisers },
    ...more,
  };
}

/** A value of each source, the last of a long name and value. */
const sampleOrigins: readonly Origin[] = (
  ['call', 'otherFile', 'commandLine', 'default', 'directive', 'user', 'source', 'assumption'] as const
)
  .map(
    (from, index): Origin => ({
      subject: { kind: 'argument', name: `${'very_'.repeat(index)}long_name` },
      value: index === 7 ? 'Configuration(width=128, depth=12)' : String(index),
      from,
      span: index % 2 === 0 ? { file: 'model.py', start: index * 20, end: index * 20 + 5 } : undefined,
    }),
  )
  .concat(
    { subject: { kind: 'inputShape' }, value: '3x32x32', from: 'assumption', span: undefined },
    { subject: { kind: 'inputData' }, value: 'image-normalised', from: 'source', span: undefined },
    { subject: { kind: 'batchSize' }, value: '32', from: 'assumption', span: undefined },
  );

function dataOrigins(data: Pick<Origin, 'value' | 'from' | 'refused'>): readonly Origin[] {
  return [
    { subject: { kind: 'inputShape' }, value: '1x28x28', from: 'sample', span: undefined },
    { subject: { kind: 'inputData' }, span: undefined, ...data },
  ];
}

function refinedBy(runs: number, model: ModelAnalysis): ModelAnalysis {
  return { ...model, signal: { ...model.signal, runs } };
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
  origins: () =>
    profileOf({ ...deepSigmoid(), origins: sampleOrigins }, { blocks: ['Block'], canWriteDirective: true }),
  refining: () => profileOf(deepSigmoid(), { isRefining: true }),
  refined: () =>
    profileOf(
      refinedBy(8, deepSigmoid()),
      {
        whatIf: {
          edits: [{ kind: 'activation', id: 'relu' }],
          activations: whatIfActivations(),
          initialisers: whatIfInitialisers,
        },
      },
      refinedBy(12, repairedSigmoid()),
    ),
  sample: () =>
    profileOf(
      { ...deepSigmoid(), origins: dataOrigins({ value: '../recordings/batch of 2026-11-26.npy', from: 'user' }) },
      { canWriteDirective: true },
    ),
  'sample refused': () =>
    profileOf({
      ...deepSigmoid(),
      origins: dataOrigins({
        value: 'standard-normal',
        from: 'assumption',
        refused: {
          value: 'data/batch.npy',
          reason: 'its samples have the shape 3x224x224, the model takes 1x28x28',
          from: 'user',
        },
      }),
    }),
  asked: () =>
    profileOf(deepSigmoid(), {
      asked: { kind: 'expression', text: 'Net(depth=3)', problem: 'name Net is not defined' },
      unbuilt: [{ name: 'Other', missing: ['mystery'] }],
    }),
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
    unbuilt: [{ name: 'Net', missing: ['depth', 'mystery'] }],
    problems: ['Line 7: `build_model` is never called with values.'],
  }),
} satisfies Readonly<Record<string, () => Content>>;
