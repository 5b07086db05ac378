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

  /** The same place in the newer text; undefined inside what was changed. */
  toNewer(offset: number): number | undefined {
    return this.#shift(offset, this.older.length, this.newer.length);
  }

  /** The same place in the older text; undefined inside what was changed. */
  toOlder(offset: number): number | undefined {
    return this.#shift(offset, this.newer.length, this.older.length);
  }

  #shift(offset: number, fromLength: number, toLength: number): number | undefined {
    if (offset <= this.#prefix) return offset;
    if (offset >= fromLength - this.#suffix) return offset - fromLength + toLength;
    return undefined;
  }
}
