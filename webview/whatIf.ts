import type { NetworkEdit } from '../src/core/analysis';
import type { WhatIfView } from '../src/protocol/viewState';
import { button, element, section, select } from './dom';
import type { PageContext } from './page';

/** One-click changes to the network that are computed and drawn, never written. */
export function whatIf(view: WhatIfView, { strings, send }: PageContext): HTMLElement {
  const { edits } = view;
  const setTo = (kind: NetworkEdit['kind'], edit: NetworkEdit | undefined) =>
    send({ type: 'setWhatIf', edits: [...edits.filter((other) => other.kind !== kind), ...(edit ? [edit] : [])] });
  const unchanged = { value: '', label: strings.asWritten };
  const choice = (
    kind: NetworkEdit['kind'],
    label: string,
    choices: readonly { readonly id: string; readonly title: string }[],
    chosen: string,
    make: (id: string) => NetworkEdit,
  ) => {
    const made = select(
      label,
      [unchanged, ...choices.map(({ id, title }) => ({ value: id, label: title }))],
      chosen,
      (id) => setTo(kind, id === '' ? undefined : make(id)),
    );
    made.querySelector('select')?.setAttribute('data-focus', `what-if ${kind}`);
    made.classList.toggle('is-changed', chosen !== '');
    return made;
  };
  const find = <Kind extends NetworkEdit['kind']>(kind: Kind) =>
    edits.find((edit): edit is Extract<NetworkEdit, { kind: Kind }> => edit.kind === kind);
  const part = section(
    strings.whatIf,
    strings.whatIfNote,
    element(
      'div',
      { class: 'what-if' },
      choice('activation', strings.whatIfActivation, view.activations, find('activation')?.id ?? '', (id) => ({
        kind: 'activation',
        id,
      })),
      choice('initialiser', strings.whatIfInitialiser, view.initialisers, find('initialiser')?.id ?? '', (id) => ({
        kind: 'initialiser',
        id,
      })),
      choice(
        'normalisation',
        strings.whatIfNorm,
        [
          { id: 'batch', title: strings.batchNorm },
          { id: 'layer', title: strings.layerNorm },
        ],
        find('normalisation')?.variant ?? '',
        (id) => ({ kind: 'normalisation', variant: id === 'layer' ? 'layer' : 'batch' }),
      ),
      edits.length > 0
        ? button(strings.reset, () => send({ type: 'setWhatIf', edits: [] }), {
            class: 'secondary',
            attributes: { 'data-focus': 'what-if reset' },
          })
        : undefined,
    ),
  );
  part.classList.add('what-if-section');
  return part;
}
