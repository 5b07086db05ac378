/** Carries offsets of an older text over to a newer one, by what the two have in common at their beginning and end. */
export class TextShift {
  readonly #prefix: number;
  readonly #suffix: number;

  constructor(
    private readonly older: string,
    private readonly newer: string,
  ) {
    const shorter = Math.min(older.length, newer.length);
    let prefix = 0;
    while (prefix < shorter && older.charCodeAt(prefix) === newer.charCodeAt(prefix)) prefix++;
    let suffix = 0;
    while (
      suffix < shorter - prefix &&
      older.charCodeAt(older.length - 1 - suffix) === newer.charCodeAt(newer.length - 1 - suffix)
    ) {
      suffix++;
    }
    this.#prefix = prefix;
    this.#suffix = suffix;
  }

  /** The same place in the newer text; undefined inside what was changed. At an insertion a start goes behind it, an end stays before it. */
  toNewer(offset: number, side: 'start' | 'end'): number | undefined {
    return this.#shift(offset, side, this.older.length, this.newer.length);
  }

  /** The same place in the older text; undefined inside what was changed. */
  toOlder(offset: number): number | undefined {
    return this.#shift(offset, 'end', this.newer.length, this.older.length);
  }

  #shift(offset: number, side: 'start' | 'end', fromLength: number, toLength: number): number | undefined {
    const isBefore = offset <= this.#prefix;
    const isBehind = offset >= fromLength - this.#suffix;
    if (isBehind && (side === 'start' || !isBefore)) return offset - fromLength + toLength;
    return isBefore ? offset : undefined;
  }
}
