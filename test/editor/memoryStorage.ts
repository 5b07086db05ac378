import type { Memento } from 'vscode';

/** A workspace's storage in memory. */
export class MemoryStorage implements Memento {
  readonly values = new Map<string, unknown>();

  keys = () => [...this.values.keys()];

  get = <T>(key: string) => this.values.get(key) as T;

  update = async (key: string, value: unknown) => {
    this.values.set(key, JSON.parse(JSON.stringify(value)));
  };
}
