interface Release {
  dispose(): unknown;
}

/** Owns what is registered with it and releases it, last first, when it is disposed of itself. */
export abstract class Disposable {
  readonly #owned: Release[] = [];
  #isDisposed = false;

  dispose(): void {
    this.#isDisposed = true;
    for (let last = this.#owned.pop(); last; last = this.#owned.pop()) last.dispose();
  }

  protected get isDisposed(): boolean {
    return this.#isDisposed;
  }

  protected register<T extends Release>(owned: T): T {
    if (this.#isDisposed) owned.dispose();
    else this.#owned.push(owned);
    return owned;
  }
}
