import type { Assumption, Origin, OriginSource } from '../core/analysis';
import { inputPresets } from '../core/signal/inputStatistics';
import type { Translate } from './format';
import { englishStrings, type PageStrings } from './pageStrings';
import type { OriginField, OriginView } from './viewState';

export interface OriginViewOptions {
  readonly placeOf: (span: NonNullable<Origin['span']>) => string | undefined;
  readonly translate: Translate;
}

const sourceKeys: Readonly<Record<OriginSource, keyof PageStrings>> = {
  call: 'originCall',
  otherFile: 'originOtherFile',
  commandLine: 'originCommandLine',
  default: 'originDefault',
  directive: 'originDirective',
  user: 'originUser',
  sample: 'originSample',
  source: 'originSource',
  assumption: 'originAssumption',
};

/** Where one value comes from, and how it can be set where the source leaves it open. */
export function originView(origin: Origin, { placeOf, translate }: OriginViewOptions): OriginView {
  const { value, from, span, refused } = origin;
  return {
    what: subjectText(origin, translate),
    value,
    source: translate(englishStrings[sourceKeys[from]]),
    place: span && placeOf(span),
    isAssumed: from === 'assumption',
    refusal: refused && `${refused.value}: ${refused.reason}`,
    field: fieldOf(origin),
  };
}

/** False for what the origins say already. */
export function isNoOrigin({ what }: Assumption): boolean {
  return !['argument {name}', 'input shape', 'batch size'].includes(what.text);
}

function subjectText({ subject }: Origin, translate: Translate): string {
  switch (subject.kind) {
    case 'argument':
      return subject.name;
    case 'inputShape':
      return translate(englishStrings.originInputShape);
    case 'inputData':
      return translate(englishStrings.originInputData);
    case 'batchSize':
      return translate(englishStrings.originBatchSize);
  }
}

function fieldOf({ subject, value, from, refused }: Origin): OriginField | undefined {
  const isGiven = from === 'user';
  switch (subject.kind) {
    case 'argument':
      return isGiven || from === 'assumption' ? { kind: 'argument', name: subject.name, isGiven } : undefined;
    case 'inputShape':
      return { kind: 'inputShape', isGiven };
    case 'inputData':
      return {
        kind: 'inputData',
        presets: inputPresets,
        given: refused?.from === 'user' ? refused.value : isGiven ? value : undefined,
      };
    case 'batchSize':
      return undefined;
  }
}
