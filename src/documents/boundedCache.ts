/** Keeps what was used last: no more entries, and no more of their sizes together, than the bounds. */
export class BoundedCache<T> {
  readonly #entries = new Map<string, { readonly value: T; size: number }>();
  #total = 0;

  constructor(
    private readonly maxEntries: number,
    private readonly maxTotal: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get total(): number {
    return this.#total;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Resolves `size` for what is still to come: what is awaited counts nothing until it is there. */
  set(key: string, value: T, sizeOf: (value: Awaited<T>) => number): void {
    this.delete(key);
    const entry = { value, size: 0 };
    this.#entries.set(key, entry);
    this.#shrink();
    void Promise.resolve(value).then(
      (awaited) => {
        if (this.#entries.get(key) !== entry) return;
        entry.size = sizeOf(awaited);
        this.#total += entry.size;
        this.#shrink();
      },
      () => this.delete(key),
    );
  }

  delete(key: string): void {
    this.#total -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }

  /** Forgets every key that the condition holds for. */
  deleteWhere(isMeant: (key: string) => boolean): void {
    for (const key of [...this.#entries.keys()]) if (isMeant(key)) this.delete(key);
  }

  #shrink(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.maxEntries && this.#total <= this.maxTotal) return;
      this.delete(key);
    }
  }
}
