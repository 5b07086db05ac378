import { argumentSpan, type BoundArguments } from '../python/arguments';
import type { CallArguments, CallContext, Value } from '../python/values';
import type { Span } from '../span';
import { numberOf } from './tensor/dimValues';

/** The arguments that a layer was constructed with, read as what its table needs. */
export class LayerArguments {
  constructor(
    readonly signature: string,
    readonly bound: BoundArguments,
    readonly written: CallArguments,
    readonly context: CallContext,
  ) {}

  /** Argument of the constructor, or its default. */
  value(name: string): Value | undefined {
    const value = this.bound.get(name);
    if (value) return value;
    const others = this.bound.get('kwargs');
    if (others?.kind !== 'dict') return undefined;
    for (const { key, value: other } of others.entries.values()) {
      if (key.kind === 'str' && key.value === name) return other;
    }
    return undefined;
  }

  span(name: string): Span | undefined {
    return argumentSpan(this.signature, this.written, name);
  }

  number(name: string): number | undefined {
    return numberOf(this.value(name));
  }

  int(name: string): number | undefined {
    const value = this.number(name);
    return value !== undefined && Number.isInteger(value) ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    return value && this.context.truth(value);
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return value?.kind === 'str' ? value.value : undefined;
  }

  isNone(name: string): boolean {
    const value = this.value(name);
    return value === undefined || value.kind === 'none';
  }

  numbers(name: string): readonly number[] | undefined {
    return this.#numbersOf(this.value(name));
  }

  /** A number for each of `count` axes, from one number or a sequence of them. */
  perAxis(name: string, count: number): readonly number[] | undefined {
    const single = this.number(name);
    if (single !== undefined) return Array.from({ length: count }, () => single);
    const numbers = this.numbers(name);
    if (numbers?.length === 1) return Array.from({ length: count }, () => numbers[0] ?? 0);
    return numbers?.length === count ? numbers : undefined;
  }

  #numbersOf(value: Value | undefined): readonly number[] | undefined {
    if (!value || value.kind === 'none') return undefined;
    const single = numberOf(value);
    if (single !== undefined) return [single];
    const items = this.context.iterate(value)?.map(numberOf);
    return items?.every((item) => item !== undefined) ? items : undefined;
  }
}
