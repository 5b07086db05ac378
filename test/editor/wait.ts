import type { Disposable, Event } from 'vscode';

/** Resolves once the answer is there, asking at first and after each event; mocha's own limit ends a wait in vain. */
export function until<T>(event: Event<unknown>, answer: () => T | undefined | false): Promise<T> {
  return new Promise((resolve, reject) => {
    let listener: Disposable | undefined;
    const ask = () => {
      try {
        const value = answer();
        if (value === undefined || value === false) return;
        listener?.dispose();
        resolve(value);
      } catch (error) {
        listener?.dispose();
        reject(error);
      }
    };
    listener = event(ask);
    ask();
  });
}
