import type { Project } from '../core/project';

/** What one analysis read of other files, or would have read: whatever becomes of them calls for another. */
export class FilesRead {
  readonly #texts = new Map<string, string | undefined>();
  readonly #samples = new Set<string>();

  /** The texts of those files that somebody may edit; undefined for the others. */
  get texts(): ReadonlyMap<string, string | undefined> {
    return this.#texts;
  }

  /** The project with an open text in the place of its file, every other file noted. */
  noting<Around extends Project>(around: Around, own: { readonly file: string; readonly text: string }): Around {
    return {
      ...around,
      readText: async (file) => {
        if (file === own.file) return own.text;
        const text = await around.readText(file);
        this.#texts.set(file, around.isEditable?.(file) ? text : undefined);
        return text;
      },
      readBytes: async (file) => {
        this.#samples.add(file);
        return around.readBytes?.(file);
      },
    };
  }

  /** True where the file or folder has part in the analysis. A sample batch that is told to have changed has. */
  has(file: string): boolean {
    return this.#samples.has(file) || this.#texts.has(file) || this.#holds(file);
  }

  /** False where the text is the one that was read: files are told of more often than they change. */
  async isChanged(file: string, around: Project): Promise<boolean> {
    if (this.#samples.has(file) || this.#holds(file)) return true;
    return (await around.readText(file)) !== this.#texts.get(file);
  }

  #holds(folder: string): boolean {
    return [...this.#texts.keys(), ...this.#samples].some((file) => file.startsWith(`${folder}/`));
  }
}
