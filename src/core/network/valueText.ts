import type { CallArguments, Value } from '../python/values';

const maximumItems = 6;
const maximumDepth = 3;
const maximumLength = 60;

/** A value as Python writes it, shortened; objects as they were constructed. For people to read, not for Python. */
export function valueText(value: Value, depth = 0): string {
  const text = fullText(value, depth);
  return text.length > maximumLength && depth === 0 ? `${text.slice(0, maximumLength - 1)}…` : text;
}

function fullText(value: Value, depth: number): string {
  switch (value.kind) {
    case 'none':
      return 'None';
    case 'bool':
      return value.value ? 'True' : 'False';
    case 'int':
    case 'float':
      return String(value.value);
    case 'str':
      return JSON.stringify(value.value);
    case 'tuple':
      return `(${itemsText(value.items, depth)}${value.items.length === 1 ? ',' : ''})`;
    case 'list':
      return `[${itemsText(value.items, depth)}]`;
    case 'dict':
      return `{${partsText(
        [...value.entries.values()].map(
          (entry) => () => `${valueText(entry.key, depth + 1)}: ${valueText(entry.value, depth + 1)}`,
        ),
        depth,
      )}}`;
    case 'class':
    case 'function':
    case 'native':
      return value.name;
    case 'instance':
      if (value.construction) return `${value.class.name}(${argumentsText(value.construction, depth)})`;
      return `${value.class.name}(${partsText(
        [...value.attributes].map(
          ([name, held]) =>
            () =>
              `${name}=${valueText(held, depth + 1)}`,
        ),
        depth,
      )})`;
    case 'unknown':
      return '?';
    default:
      return '…';
  }
}

function argumentsText({ positional, named }: CallArguments, depth: number): string {
  const byPlace = positional.map((item) => () => valueText(item, depth + 1));
  const byName = [...named].map(
    ([name, item]) =>
      () =>
        `${name}=${valueText(item, depth + 1)}`,
  );
  return partsText([...byPlace, ...byName], depth);
}

function itemsText(items: readonly Value[], depth: number): string {
  return partsText(
    items.map((item) => () => valueText(item, depth + 1)),
    depth,
  );
}

function partsText(parts: readonly (() => string)[], depth: number): string {
  if (parts.length > 0 && depth >= maximumDepth) return '…';
  const shown = parts.slice(0, maximumItems).map((part) => part());
  return [...shown, ...(parts.length > maximumItems ? ['…'] : [])].join(', ');
}
