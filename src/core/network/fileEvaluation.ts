import type { AnalyzeOptions } from '../analysis';
import type { FrameworkId, OpenFramework } from '../frameworks/framework';
import { HandwrittenModels } from '../frameworks/handwritten/handwritten';
import { openFramework, returnFramework } from '../frameworks/idleFrameworks';
import { frameworks } from '../frameworks/registry';
import { Interpreter, type ModuleResolver } from '../python/interpreter';
import type { ParsedModule } from '../python/parse';
import type { InstanceValue, Scope, Value } from '../python/values';
import { ReadingSession } from './readingSession';

export interface OpenedFramework {
  readonly id: FrameworkId;
  readonly open: OpenFramework;
}

/** One file, evaluated once: its names, and everything that the frameworks saw on the way. */
export class FileEvaluation {
  readonly session: ReadingSession;
  readonly interpreter: Interpreter;
  readonly scope: Scope;
  /** Networks that no framework knows as such: objects and functions that work on arrays. */
  readonly handwritten: HandwrittenModels;
  readonly #opened = new Map<FrameworkId, OpenedFramework>();

  constructor(
    readonly parsed: ParsedModule,
    readonly file: string,
    options: AnalyzeOptions,
    batchSize: number,
    modules?: ModuleResolver,
    /** Of the time budget, by evaluations of the same file that ended for want of another. */
    spentMs = 0,
  ) {
    this.session = new ReadingSession(batchSize, file);
    this.handwritten = new HandwrittenModels(this.session, () => this.frameworks);
    this.interpreter = new Interpreter({
      frameworks: {
        module: (name) => this.#frameworkNamed(name)?.module(name),
      },
      clock: options.clock,
      openFile: file,
      spentMs,
      ...(modules && { modules }),
      ...(options.budget && { budget: options.budget }),
      ...(options.cancel && { cancel: options.cancel }),
    });
    this.scope = this.interpreter.evaluateModule(parsed, file);
  }

  /** Those that the file has asked for: a framework's tables are made when something of it is imported. */
  get frameworks(): readonly OpenedFramework[] {
    return [...this.#opened.values()];
  }

  #frameworkNamed(dottedName: string): OpenFramework | undefined {
    const [root = ''] = dottedName.split('.', 1);
    const framework = frameworks.find(({ importRoots }) => importRoots.includes(root));
    if (!framework) return undefined;
    const { id } = framework;
    const readSource = (name: string) => this.interpreter.moduleFromSource(name);
    const opened = this.#opened.get(id) ?? { id, open: openFramework(framework, this.session, readSource) };
    this.#opened.set(id, opened);
    return opened.open;
  }

  /** Nothing of the evaluation is used after this but what was read from it. */
  close(): void {
    this.interpreter.restoreNativeClasses();
    const resting = new ReadingSession(1);
    for (const framework of frameworks) {
      const opened = this.#opened.get(framework.id);
      if (opened) returnFramework(framework, opened.open, resting);
    }
    this.#opened.clear();
  }

  /** The framework whose model this is. */
  frameworkOf(value: Value): OpenedFramework | undefined {
    const own = this.frameworks.find(({ open }) => open.isModel(value));
    if (own || !this.handwritten.isModel(value)) return own;
    const arrays = this.handwritten.frameworkOf(value);
    return arrays && { id: arrays.id, open: this.handwritten };
  }

  isModel(value: Value): value is InstanceValue {
    return this.frameworkOf(value) !== undefined;
  }
}
