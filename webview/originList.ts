import type { Intent } from '../src/protocol/messages';
import type { ModelView, OriginField, OriginView, ProfileContent, UnbuiltView } from '../src/protocol/viewState';
import { isPythonLiteral, parseSizes } from '../src/protocol/writtenValues';
import { button, element, section, select, textInput } from './dom';
import { fill } from './fill';
import type { PageContext } from './page';

/** Each value that shapes the model, with who says it; what the source leaves open can be set. */
export function originList(content: ProfileContent, context: PageContext): HTMLElement | undefined {
  const { model, version } = content;
  const { strings, send } = context;
  if (model.origins.length === 0) return undefined;
  return section(
    strings.origins,
    undefined,
    element(
      'dl',
      { class: 'origins' },
      ...model.origins.map((origin, index) => originRow(origin, index, model, version, context)),
    ),
    content.canWriteDirective
      ? button(strings.writeDirective, () => send({ type: 'writeDirective', version }), {
          class: 'secondary',
          attributes: { 'data-focus': 'directive' },
        })
      : undefined,
  );
}

/** Models that wait for arguments, with a field for each. */
export function unbuiltLists(models: readonly UnbuiltView[], context: PageContext): readonly HTMLElement[] {
  const { strings } = context;
  return models.map(({ name, missing }) =>
    section(
      strings.unbuiltTitle,
      name,
      element(
        'dl',
        { class: 'origins' },
        ...missing.map((argument) =>
          row({
            what: argument,
            value: argumentField(name, argument, '', context),
            source: strings.originNobody,
            isAssumed: true,
          }),
        ),
      ),
    ),
  );
}

function originRow(
  origin: OriginView,
  index: number,
  { name }: ModelView,
  version: string,
  context: PageContext,
): HTMLElement {
  const { send } = context;
  const { what, source, place, isAssumed, refusal } = origin;
  const link =
    place === undefined
      ? undefined
      : button(place, () => send({ type: 'revealOrigin', version, origin: index }), {
          class: 'link quiet',
          attributes: { 'data-focus': `origin ${index}` },
        });
  // The field shows what was chosen in vain: what holds instead is said beside it.
  const isInVain = refusal !== undefined && origin.field?.kind === 'inputData' && origin.field.given !== undefined;
  return row({
    what,
    value: valueElement(origin, name, context),
    source: isInVain ? `${origin.value} · ${source}` : source,
    link,
    isAssumed,
    refusal,
  });
}

interface Row {
  readonly what: string;
  readonly value: HTMLElement;
  readonly source: string;
  readonly link?: HTMLElement;
  readonly isAssumed: boolean;
  readonly refusal?: string;
}

function row({ what, value, source, link, isAssumed, refusal }: Row): HTMLElement {
  return element(
    'div',
    { class: isAssumed ? 'origin origin-assumed' : 'origin' },
    element('dt', {}, what),
    element(
      'dd',
      {},
      value,
      element('span', { class: 'origin-source' }, source, link ? ' · ' : undefined, link),
      refusal === undefined ? undefined : element('span', { class: 'refusal', attributes: { role: 'alert' } }, refusal),
    ),
  );
}

function valueElement({ field, value }: OriginView, model: string, context: PageContext): HTMLElement {
  const { strings, send } = context;
  switch (field?.kind) {
    case undefined:
      return element('span', { class: 'origin-value', title: value }, value);
    case 'argument':
      return argumentField(model, field.name, value, context);
    case 'inputShape':
      return textField(
        { label: strings.setInputShape, value, focus: 'input shape', refusal: strings.notShape },
        (text) => parseSizes(text) !== undefined,
        (text) => send({ type: 'setInputShape', model, text }),
      );
    case 'inputData':
      return dataField(field, value, model, context);
  }
}

/** No preset has such a name. */
const ownData = '…';

/** A preset, or a sample batch that the host asks for; a sample that was chosen can be taken back. */
function dataField(
  { presets, given }: Extract<OriginField, { kind: 'inputData' }>,
  value: string,
  model: string,
  { strings, send }: PageContext,
): HTMLElement {
  const sample = given === undefined || presets.includes(given) ? undefined : given;
  const automatic = given === undefined ? `${strings.automatic}: ${value}` : strings.automatic;
  const options = [
    { value: '', label: automatic },
    ...[...(sample === undefined ? [] : [sample]), ...presets].map((name) => ({ value: name, label: name })),
    { value: ownData, label: strings.ownData },
  ];
  const chooser = select(strings.setInputData, options, given ?? '', (text) => {
    if (text === ownData) send({ type: 'chooseSample', model });
    else if (text !== sample) send({ type: 'setInputData', model, text });
  });
  chooser.querySelector('select')?.setAttribute('data-focus', 'input data');
  chooser.classList.add('field-bare');
  if (sample === undefined) return chooser;
  const remove = button(strings.removeSample, () => send({ type: 'setInputData', model, text: '' }), {
    class: 'link',
    attributes: { 'data-focus': 'remove sample' },
  });
  return element('span', { class: 'sample-field' }, chooser, remove);
}

function argumentField(model: string, name: string, value: string, { strings, send }: PageContext): HTMLElement {
  return textField(
    {
      label: fill(strings.setArgument, { name }),
      value,
      focus: `argument ${model} ${name}`,
      refusal: strings.notLiteral,
    },
    isPythonLiteral,
    (text): void => send({ type: 'setArgument', model, name, text } satisfies Intent),
  );
}

interface FieldTexts {
  readonly label: string;
  readonly value: string;
  readonly focus: string;
  /** What is said of a text that does not pass. */
  readonly refusal: string;
}

/** A text that is sent when it passes the check; an empty one takes back what was given. */
function textField(texts: FieldTexts, isValid: (text: string) => boolean, set: (text: string) => void): HTMLElement {
  const problem = element('span', { class: 'refusal', attributes: { role: 'alert' } });
  const input = textInput(texts.value, { 'aria-label': texts.label, 'data-focus': texts.focus }, (text) => {
    const isRefused = text !== '' && !isValid(text);
    input.setAttribute('aria-invalid', String(isRefused));
    problem.textContent = isRefused ? texts.refusal : '';
    if (!isRefused && text !== texts.value) set(text);
  });
  input.size = Math.max(6, Math.min(24, texts.value.length + 1));
  return element('span', { class: 'text-field' }, input, problem);
}
