type Child = Node | string | undefined;

export interface ElementOptions {
  readonly class?: string;
  readonly title?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
}

/** An element with its children; strings become text, never markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (options.class) made.className = options.class;
  if (options.title) made.title = options.title;
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value);
  const { onClick } = options;
  if (onClick) made.addEventListener('click', (event) => onClick(event as MouseEvent));
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

export function button(label: string, onClick: () => void, options: ElementOptions = {}): HTMLButtonElement {
  const made = element('button', { ...options, onClick }, label);
  made.type = 'button';
  return made;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

/** A labelled choice of one. */
export function select(
  label: string,
  options: readonly Option[],
  chosen: string,
  onChange: (value: string) => void,
): HTMLLabelElement {
  const made = element('select');
  for (const { value, label: text } of options) {
    const option = element('option', {}, text);
    option.value = value;
    option.selected = value === chosen;
    made.append(option);
  }
  made.addEventListener('change', () => onChange(made.value));
  return element('label', { class: 'field' }, element('span', { class: 'field-label' }, label), made);
}

/** A text whose `2e-11` stay on one line. */
export function wholeNumbers(text: string): readonly Child[] {
  return text
    .split(/(\d[\d.]*e-\d+)/)
    .map((part, index) => (index % 2 === 1 ? element('span', { class: 'number' }, part) : part));
}

/** A text of one line that is given on when it is done. */
export function textInput(
  value: string,
  attributes: Readonly<Record<string, string>>,
  onDone: (text: string) => void,
): HTMLInputElement {
  const input = element('input', { attributes: { type: 'text', spellcheck: 'false', ...attributes } });
  input.defaultValue = value;
  input.addEventListener('change', () => {
    const text = input.value.trim();
    input.defaultValue = input.value;
    onDone(text);
  });
  return input;
}

/** True while a text is typed that was not given on yet, or a list of choices is open. */
export function isInUse(): boolean {
  const { activeElement } = document;
  if (activeElement instanceof HTMLInputElement) return activeElement.value !== activeElement.defaultValue;
  return activeElement instanceof HTMLSelectElement && isOpen(activeElement);
}

function isOpen(select: HTMLSelectElement): boolean {
  try {
    return select.matches(':open');
  } catch {
    // Browsers of before 2025 do not know the word.
    return false;
  }
}

/** A part of the page under a heading. */
export function section(heading: string, note: string | undefined, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    {},
    element(
      'div',
      { class: 'section-head' },
      element('h2', {}, heading),
      note ? element('span', { class: 'note' }, note) : undefined,
    ),
    ...children,
  );
}
